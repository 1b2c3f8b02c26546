import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contextOfHeaders, headersOfEvent } from '../../../../../src/routes/v1/cloud-events/binary-mode.ts';

const CONTEXT = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/shop', 'ce-type': 'sold' };
const lines = (headers: Record<string, string>): string[] => Object.entries(headers).flat();

describe('the headers of an event in binary mode', () => {
  it.each([
    ['Euro%20%E2%82%AC%20%F0%9F%98%80', 'Euro € 😀'],
    ['euro%e2%82%ac', 'euro€'],
    ['%41%2Fb', 'A/b'],
    ['a b+c', 'a b+c'],
    ['"a \\"b\\" \\\\ %20"', 'a "b" \\  '],
    ['say "x"', 'say "x"'],
    ['100%25', '100%'],
  ])('%s means %s', (value, expected) => {
    expect(contextOfHeaders(lines({ ...CONTEXT, 'CE-Subject': value }))).toEqual({
      ...CONTEXT,
      'ce-subject': expected,
    });
  });

  it.each([
    ['%C0%A0', /percent-encoded/],
    ['%ff', /percent-encoded/],
    ['100%', /percent sign/],
    ['é', /ASCII/],
    ['a%0Ab', /control/],
    ['', /ce-subject/],
  ])('with the value %j are refused', (value, reason) => {
    expect(() => contextOfHeaders(lines({ ...CONTEXT, 'ce-subject': value }))).toThrow(reason);
  });

  it.each(['ce-id', 'ce-source', 'ce-type', 'ce-specversion'])(
    'are refused without %s, by name',
    (missing) => {
      const { [missing as keyof typeof CONTEXT]: _, ...rest } = CONTEXT;
      expect(() => contextOfHeaders(lines(rest))).toThrow(missing);
    },
  );

  it.each([
    ['ce-specversion', '0.3'],
    ['ce-id', ''],
    ['ce-source', 'not a uri'],
    ['ce-source', ''],
    ['ce-time', 'yesterday'],
    ['ce-dataschema', ''],
    ['ce-datacontenttype', 'text/plain'],
    ['ce-data', 'x'],
    ['ce-my-extension', 'x'],
    ['ce-', 'x'],
  ])('are refused when %s is %j', (name, value) => {
    expect(() => contextOfHeaders(lines({ ...CONTEXT, [name]: value }))).toThrow(name);
  });

  it('are refused when one is given twice', () => {
    expect(() => contextOfHeaders([...lines(CONTEXT), 'Ce-Id', '2'])).toThrow(/more than once/);
  });

  it('come back for any text as what was sent, in printable ASCII without spaces, quotes or bare percent signs', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((value) => !/\p{Cc}/u.test(value));
    fc.assert(
      fc.property(text, (subject) => {
        const headers = headersOfEvent({ ...CONTEXT, 'ce-subject': subject, kind: 'x' });
        expect(headers['ce-subject']).toMatch(/^(?:[!#$&-~]|%[0-9A-F]{2})+$/);
        expect(contextOfHeaders(lines(headers))).toEqual({ ...CONTEXT, 'ce-subject': subject });
      }),
    );
  });

  it('encode nothing that does not need it', () => {
    const source = "/a-b_c.d~e:f?g=h#i[j]@!$&'()*+,;";
    expect(headersOfEvent({ ...CONTEXT, 'ce-source': source })['ce-source']).toBe(source);
  });

  it('are not made of attributes that are no event', () => {
    expect(headersOfEvent({})).toEqual({});
    expect(headersOfEvent({ 'ce-id': '1', kind: 'x' })).toEqual({});
    expect(headersOfEvent({ ...CONTEXT, 'ce-source': '' })).toEqual({});
  });
});
