/** Segments: names of entries, offsets, limits, and what a parent's counters tell. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  decodeHeader,
  denseBounds,
  type EntrySlot,
  encodeHeader,
  endOf,
  entryPrefix,
  isFull,
  parseEntryName,
  SEGMENT_LIMITS,
  slotAt,
  slotsOf,
} from '../../../../src/queue/model/segment.ts';
import { MemoryEnsemble } from '../../../support/memory-ensemble.ts';
import { append, create, remove } from '../../../support/write-builders.ts';

const named = (sequence: number, count: number, bytes = 1) =>
  entryPrefix(count, bytes, 'tok3n') + String(sequence).padStart(10, '0');

describe('the name of an entry', () => {
  it('tells its count, bytes, token and sequence', () => {
    expect(parseEntryName(`${entryPrefix(1000, 900_000, 'abc123')}0000000042`)).toMatchObject({
      count: 1000,
      bytes: 900_000,
      token: 'abc123',
      sequence: 42,
    });
  });

  it.each(['', '1.1.t-1', 'x', '1.1.T-0000000001', '1.1.t-00000000011', '-1.1.t-0000000001'])(
    'is not %j: nobody else writes here, so that is an error',
    (name) => {
      expect(() => parseEntryName(name)).toThrow('not an entry');
    },
  );
});

describe('the slots of a segment', () => {
  it('are in the order of their sequence, however they were listed', () => {
    const names = [named(10, 2), named(2, 5), named(9, 1)];
    expect(slotsOf(names).map(({ sequence, start }) => [sequence, start])).toEqual([
      [2, 0],
      [9, 5],
      [10, 6],
    ]);
  });

  it('are found by every offset in them, and none is beyond the end', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 20 }), (counts) => {
        const slots = slotsOf(counts.map((count, sequence) => named(sequence, count)));
        let offset = 0;
        counts.forEach((count, sequence) => {
          for (let index = 0; index < count; index += 1, offset += 1)
            expect(slotAt(slots, offset)?.sequence).toBe(sequence);
        });
        expect(endOf(slots)).toBe(offset);
        expect(slotAt(slots, offset)).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  it('are full at the limit of entries, of messages or of bytes, and not before', () => {
    const { entries, messages, bytes } = SEGMENT_LIMITS;
    const full = (slots: EntrySlot[]) => isFull(slots, SEGMENT_LIMITS);
    const many = (count: number) => slotsOf(Array.from({ length: count }, (_, index) => named(index, 1)));
    expect([entries - 1, entries].map((count) => full(many(count)))).toEqual([false, true]);
    const counts = [messages - 1, messages];
    expect(counts.map((count) => full(slotsOf([named(0, count)])))).toEqual([false, true]);
    expect([bytes - 1, bytes].map((size) => full(slotsOf([named(0, 1, size)])))).toEqual([false, true]);
    expect(bytesOf(slotsOf([named(0, 1, 5), named(1, 1, 7)]))).toBe(12);
  });
});

describe('a segment header', () => {
  it('is read as it was written', () => {
    const header = { state: 'sealed', ordinal: 2 ** 40, bytesBefore: 2 ** 50 } as const;
    expect(decodeHeader(encodeHeader(header))).toEqual(header);
  });
});

describe('the bounds of densely numbered children', () => {
  it('follow from the counters of their parent alone, however many were created and deleted', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 30 }), (steps) => {
        const ensemble = new MemoryEnsemble();
        ensemble.apply([create('/log')]);
        let [first, last] = [0, -1];
        for (const creates of steps) {
          if (creates) ensemble.apply([append('/log/')]);
          else if (first > last) continue;
          else ensemble.apply([remove(`/log/${String(first).padStart(10, '0')}`)]);
          if (creates) last += 1;
          else first += 1;
        }
        const stat = ensemble.stat('/log');
        expect(stat && denseBounds(stat)).toEqual({ first, last });
      }),
      { numRuns: 200 },
    );
  });
});
