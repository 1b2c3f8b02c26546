import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fieldKinds, queryFields } from '../../../../src/routes/http/query-strings.ts';

const KINDS = fieldKinds(
  z.strictObject({
    max: z.int().optional(),
    wait: z.number().default(0),
    ack: z.boolean().nullish(),
    text: z.string(),
  }),
);

describe('the query of a URL', () => {
  it('turns numbers and booleans into what JSON would have them be', () => {
    expect({ ...queryFields('/x?max=10&wait=0.5e1&ack=true&text=1', KINDS) }).toEqual({
      max: 10,
      wait: 5,
      ack: true,
      text: '1',
    });
  });

  it.each(['', '+1', '%201', '0x10', '1e', '.5', '01', '1_000', 'NaN', 'Infinity', '1,5'])(
    'leaves %j for the schema to refuse',
    (text) => {
      expect(typeof queryFields(`/x?max=${text}`, KINDS).max).toBe('string');
    },
  );

  it.each(['TRUE', '1', '', 'yes'])('does not take %j for a boolean', (text) => {
    expect(queryFields(`/x?ack=${text}`, KINDS).ack).toBe(text);
  });

  it('decodes names and values, a plus as a space', () => {
    expect(queryFields('/x?te%78t=a+b%2B%C3%A9', KINDS).text).toBe('a b+é');
  });

  it.each(['/x?max=1&max=1', '/x?text=a&te%78t=b', '/x?__proto__=1&__proto__=2'])(
    'refuses a field that is given twice: %s',
    (url) => {
      expect(() => queryFields(url, KINDS)).toThrow(/more than once/);
    },
  );

  it.each(['/x?text=%', '/x?text=%zz', '/x?text=%ff', '/x?%ff=1'])(
    'refuses malformed encoding: %s',
    (url) => {
      expect(() => queryFields(url, KINDS)).toThrow(/percent-encoded/);
    },
  );

  it('keeps fields named like parts of objects as plain fields', () => {
    expect(Object.keys(queryFields('/x?__proto__=1&constructor=2', KINDS))).toEqual([
      '__proto__',
      'constructor',
    ]);
  });
});
