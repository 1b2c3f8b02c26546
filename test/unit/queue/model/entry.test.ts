/** Entries: every message comes out of a packed batch as it went in. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createEntryCodec,
  messageId,
  type PackableMessage,
  packedBytes,
} from '../../../../src/queue/model/entry.ts';

const codec = createEntryCodec();

function message(change: Partial<PackableMessage> = {}): PackableMessage {
  const plain = { body: Buffer.from('{}'), bodyKind: 'json', contentType: 'application/json' } as const;
  return { ...plain, attributes: {}, priority: 0, ...change };
}

function throughEntry(messages: readonly PackableMessage[]) {
  return codec.decode(codec.encode(messages, 1_800_000_000_000), 'token').messages;
}

describe('an entry', () => {
  it('gives each message the id of its place and the time of the entry', () => {
    const messages = throughEntry([message(), message()]);
    expect(messages.map(({ id }) => id)).toEqual([messageId('token', 0), messageId('token', 1)]);
    expect(messages.map(({ publishedAtMs }) => publishedAtMs)).toEqual([
      1_800_000_000_000, 1_800_000_000_000,
    ]);
  });

  it.each(['json', 'text', 'bytes'] as const)('keeps a body of kind %s byte for byte', (bodyKind) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const [read] = throughEntry([message({ body: Buffer.from(bytes), bodyKind })]);
        expect(read?.bodyKind).toBe(bodyKind);
        expect(read?.body.equals(Buffer.from(bytes))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('keeps an empty body', () => {
    expect(throughEntry([message({ body: Buffer.alloc(0) })])[0]?.body).toEqual(Buffer.alloc(0));
  });

  it('keeps attributes of any name and value in their order, __proto__ as well', () => {
    const attributes = Object.fromEntries([
      ['__proto__', 'a'],
      ['constructor', ''],
      ['b', 'grüße 🎈'],
      ['a', ' '],
      ['10', 'ten'],
    ]);
    const read = throughEntry([message({ attributes })])[0]?.attributes;
    expect(Object.entries(read ?? {})).toEqual(Object.entries(attributes));
    expect(Object.hasOwn(read ?? {}, '__proto__')).toBe(true);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });

  it('keeps group, priority and content type, and leaves out what was absent', () => {
    const [full, plain] = throughEntry([
      message({ group: 'g', priority: 9, contentType: 'text/x; charset="ü"' }),
      message(),
    ]);
    expect(full).toMatchObject({ group: 'g', priority: 9, contentType: 'text/x; charset="ü"' });
    expect(Object.keys(plain ?? {}).sort()).toEqual(
      ['attributes', 'body', 'bodyKind', 'contentType', 'id', 'priority', 'publishedAtMs'].sort(),
    );
  });

  it('keeps messages apart: one that has nothing does not inherit from the one before', () => {
    const [, second] = throughEntry([message({ group: 'g', attributes: { a: '1' } }), message()]);
    expect(second?.group).toBeUndefined();
    expect(second?.attributes).toEqual({});
  });

  it('does not change what was read when the packer goes on to pack others', () => {
    const [first] = throughEntry([message({ body: Buffer.from('first') })]);
    codec.encode([message({ body: Buffer.alloc(10_000, 'x') })], 1);
    expect(first?.body.toString()).toBe('first');
  });

  it('does not change what was packed when the packer goes on to pack others', () => {
    const packed = codec.encode([message({ body: Buffer.from('first') })], 1);
    for (let more = 0; more < 100; more += 1) codec.encode([message({ body: Buffer.alloc(10_000, 'x') })], 1);
    expect(codec.decode(packed, 't').messages[0]?.body.toString()).toBe('first');
  });

  it('of another format is refused rather than guessed', () => {
    const data = codec.encode([message()], 1);
    // The first element of the array is the format.
    data.writeUInt8(2, 1);
    expect(() => codec.decode(data, 'token')).toThrow('unknown format 2');
  });
});

describe('the bytes that a message takes at most', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 300 });
  const instant = fc.integer({ min: 0, max: 4_000_000_000_000 });
  const name = fc.stringMatching(/^[a-z0-9-]{1,80}$/);
  const absent = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
  const deadLetter = fc.record(
    {
      source: fc.record({ kind: fc.constant('topic' as const), name, subscription: name }),
      reason: fc.constantFrom('rejected' as const, 'max-deliveries' as const),
      detail: text,
      deliveries: fc.nat(),
      atMs: instant,
    },
    { requiredKeys: ['source', 'reason', 'deliveries', 'atMs'] },
  );
  const moved = fc.record(
    { id: fc.string(), publishedAtMs: instant, scheduledBy: fc.nat(), onlyFor: name, deadLetter },
    { requiredKeys: ['id', 'publishedAtMs'] },
  );
  const fields = fc.record({
    body: fc.uint8Array({ maxLength: 70_000 }).map((bytes) => Buffer.from(bytes)),
    contentType: text,
    attributes: fc.dictionary(fc.stringMatching(/^[A-Za-z0-9_.-]{1,128}$/), text, { maxKeys: 32 }),
    priority: fc.nat({ max: 9 }),
    group: absent(text),
    expiresAtMs: absent(instant),
    moved: absent(moved),
  });

  it('are never fewer than it takes, and not many more', () => {
    const empty = codec.encode([], 1_800_000_000_000).length;
    const property = fc.property(fields, ({ group, expiresAtMs, moved: from, ...rest }) => {
      const packed = message({
        ...rest,
        ...(group === undefined ? {} : { group }),
        ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
        ...(from === undefined ? {} : { moved: from as NonNullable<PackableMessage['moved']> }),
      });
      const takes = codec.encode([packed], 1_800_000_000_000).length - empty;
      const attributes = Object.keys(packed.attributes).length;
      expect(packedBytes(packed)).toBeGreaterThanOrEqual(takes);
      // Characters that JSON escapes are counted as it writes them.
      const escaped = Buffer.byteLength(JSON.stringify(from ?? {}));
      expect(packedBytes(packed)).toBeLessThan(takes + 100 + 8 * attributes + escaped);
    });
    fc.assert(property, { numRuns: 300 });
  });
});
