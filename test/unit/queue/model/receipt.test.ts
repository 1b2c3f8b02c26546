/** Receipts: what was given out comes back whole, and nothing else is taken for one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeReceipt,
  encodeReceipt,
  RECEIPT_CHARACTERS_MAX,
  type Receipt,
  sealOf,
} from '../../../../src/queue/model/receipt.ts';

const IDENTITY = 'q1w2e3r4/queue';
const SEAL = sealOf(IDENTITY);
const whole = fc.oneof(
  fc.nat(),
  fc.maxSafeNat(),
  fc.constantFrom(0, 127, 128, 2 ** 32, Number.MAX_SAFE_INTEGER),
);
const receipts = fc.record({
  generation: fc.nat(),
  level: fc.nat({ max: 9 }),
  segment: fc.nat(),
  offset: fc.nat(),
  lease: whole,
});

describe('a receipt', () => {
  it('comes back whole, over all ranges of its numbers', () => {
    const anyNumbers = fc.record({
      generation: whole,
      level: fc.nat({ max: 9 }),
      segment: whole,
      offset: whole,
      lease: whole,
    });
    fc.assert(
      fc.property(anyNumbers, (receipt) => {
        expect(decodeReceipt(encodeReceipt(receipt, SEAL), SEAL)).toEqual(receipt);
      }),
      { numRuns: 2_000 },
    );
  });

  it('fits the length that is looked at, and a path without escaping', () => {
    const largest = Number.MAX_SAFE_INTEGER;
    const receipt = { generation: largest, level: 9, segment: largest, offset: largest, lease: largest };
    const text = encodeReceipt(receipt, SEAL);
    expect(text.length).toBeLessThanOrEqual(RECEIPT_CHARACTERS_MAX);
    expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
  });

  it('of another queue, or of an earlier one of the same name, was never a receipt of this one', () => {
    fc.assert(
      fc.property(receipts, fc.string(), (receipt, identity) => {
        fc.pre(identity !== IDENTITY);
        expect(decodeReceipt(encodeReceipt(receipt, sealOf(identity)), SEAL)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('with any one bit damaged was never a receipt', () => {
    fc.assert(
      fc.property(receipts, (receipt) => {
        const bytes = Buffer.from(encodeReceipt(receipt, SEAL), 'base64url');
        for (let bit = 0; bit < bytes.length * 8; bit += 1) {
          const damaged = Buffer.from(bytes);
          damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
          expect(decodeReceipt(damaged.toString('base64url'), SEAL)).toBeUndefined();
        }
      }),
      { numRuns: 100 },
    );
  });

  it('with a character changed, removed or added was never a receipt', () => {
    const text = encodeReceipt(someReceipt, SEAL);
    for (let at = 0; at < text.length; at += 1) {
      expect(decodeReceipt(text.slice(0, at) + text.slice(at + 1), SEAL)).toBeUndefined();
      const other = text[at] === 'A' ? 'B' : 'A';
      expect(decodeReceipt(text.slice(0, at) + other + text.slice(at + 1), SEAL)).toBeUndefined();
    }
    expect(decodeReceipt(`${text}A`, SEAL)).toBeUndefined();
  });

  it.each([
    ['padding', (text: string) => `${text}=`],
    ['white space before it', (text: string) => ` ${text}`],
    ['a line break after it', (text: string) => `${text}\n`],
    ['a character outside the alphabet', (text: string) => `${text.slice(0, 4)}.${text.slice(4)}`],
    ['an odd last character', (text: string) => text.slice(0, -1) + nextInAlphabet(text.at(-1))],
  ])('is not recognised with %s: only its one spelling is', (_what, respell) => {
    // Twelve bytes leave four unused bits in the last character, which a lenient decoder would ignore.
    const text = encodeReceipt({ ...someReceipt, lease: 2 ** 14 }, SEAL);
    expect(decodeReceipt(text, SEAL)).toBeDefined();
    expect(decodeReceipt(respell(text), SEAL)).toBeUndefined();
  });

  it('is nothing that can be found in an empty or in any random text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), (text) => {
        expect(decodeReceipt(text, SEAL)).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });
});

const someReceipt: Receipt = { generation: 1, level: 0, segment: 12, offset: 345, lease: 36 ** 8 };

function nextInAlphabet(character: string | undefined): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet[(alphabet.indexOf(character ?? '') + 1) % 64] ?? '';
}
