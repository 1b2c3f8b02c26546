import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeJson, NO_BOUNDS } from '../../../../src/routes/http/json-check.ts';

const judged = (text: string, bounds = {}) => judgeJson(Buffer.from(text), { ...NO_BOUNDS, ...bounds });

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const VALID = [
  ...[
    '0',
    '-0',
    '10',
    '-1.5',
    '1e5',
    '1E+5',
    '1.0e-05',
    'true',
    'false',
    'null',
    '""',
    '"\u2028"',
    '"\u007f"',
  ],
  ...[
    '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00eF"',
    '[]',
    '{}',
    ' [ ] ',
    '\t{\r\n}\n',
    '[[],{},[{"":[]}]]',
    '{"a":1,"a":2}',
  ],
];
const INVALID = [
  ...[
    '',
    ' ',
    '-',
    '+1',
    '01',
    '.5',
    '1.',
    '1e',
    '1e+',
    '1.e5',
    '0x1',
    '--1',
    '1 2',
    'nul',
    'nulll',
    'True',
    'NaN',
  ],
  ...[
    '"',
    '"\\',
    '"\\"',
    '"\\x"',
    '"\\u12"',
    '"\\u12g4"',
    '"\n"',
    '"\u0000"',
    '"\u001f"',
    "'a'",
    '\ufeff1',
    '\u00a01',
  ],
  ...['[', ']', '[1', '[1,', '[1,]', '[,]', '[,1]', '[1 2]', '[1}', '{]', '[}', '[[]', '[]]', '\u000b[]'],
  ...[
    '{',
    '}',
    '{"a"',
    '{"a":',
    '{"a":}',
    '{"a":1',
    '{"a":1,',
    '{"a":1,}',
    '{,}',
    '{1:1}',
    '{a:1}',
    '{"a" 1}',
    '{"a",1}',
  ],
];

describe('whether a text is JSON', () => {
  it.each(VALID)('%j is', (text) => {
    expect([parses(text), judged(text)]).toEqual([true, 'valid']);
  });

  it.each(INVALID)('%j is not', (text) => {
    expect([parses(text), judged(text)]).toEqual([false, 'invalid']);
  });

  it('is what JSON.parse says, of any JSON in which something was changed', () => {
    const piece = fc.constantFrom(...'{}[]",:\\u0123eE+-. \n\ttrfalsn"'.split(''));
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 4 }),
        fc.array(fc.tuple(fc.nat(), fc.nat(2), piece), { maxLength: 3 }),
        (json, changes) => {
          let text = json;
          for (const [place, removed, added] of changes) {
            const at = place % (text.length + 1);
            text = text.slice(0, at) + added + text.slice(at + removed);
          }
          expect(judged(text), text).toBe(parses(text) ? 'valid' : 'invalid');
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('is what JSON.parse says, of any characters of JSON', () => {
    const text = fc.string({ unit: fc.constantFrom(...'{}[]",:\\u01eE+-. 1ntrue'.split('')), maxLength: 12 });
    fc.assert(
      fc.property(text, (any) => judged(any) === (parses(any) ? 'valid' : 'invalid')),
      { numRuns: 5_000 },
    );
  });

  it('is found out at any depth', () => {
    expect(judged('['.repeat(500_000) + ']'.repeat(500_000))).toBe('valid');
    expect(judged('['.repeat(500_000) + ']'.repeat(499_999))).toBe('invalid');
    expect(judged(`${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`)).toBe('valid');
  });
});

describe('what a text consists of', () => {
  it('is counted at every level, without the names of members', () => {
    const text = '{"a":[1,"x",null,{"b":{}}],"c":true}';
    expect(judged(text, { valuesMax: 8 })).toBe('valid');
    expect(judged(text, { valuesMax: 7 })).toBe('too-many');
  });

  it('is as deep as its containers are within each other', () => {
    for (const [text, depth] of [
      ['1', 0],
      ['{}', 1],
      ['[[],[]]', 2],
      ['{"a":[{}],"b":1}', 3],
    ] as const) {
      expect(judged(text, { depthMax: depth })).toBe('valid');
      if (depth > 0) expect(judged(text, { depthMax: depth - 1 })).toBe('too-deep');
    }
  });

  it('is judged only as far as it is within the bounds', () => {
    expect(judged('[1,2,3,', { valuesMax: 3 })).toBe('too-many');
    expect(judged('[[[[', { depthMax: 3 })).toBe('too-deep');
  });
});
