import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attributesOfHeaders, headersOfAttributes } from '../../../../src/routes/v1/attribute-headers.ts';

describe('attributes as headers', () => {
  it('have lower-cased names and percent-encoded values', () => {
    expect(attributesOfHeaders(['Zoogate-Attribute-Kind', 'caf%C3%A9 +', 'Host', 'x'])).toEqual({
      kind: 'café +',
    });
  });

  it.each([
    [['Zoogate-Attribute-', 'x']],
    [['Zoogate-Attribute-a*b', 'x']],
    [['Zoogate-Attribute-a', '%zz']],
    [['Zoogate-Attribute-a', '%ff']],
    [['Zoogate-Attribute-a', 'é']],
    [['Zoogate-Attribute-a', '1', 'zoogate-attribute-A', '2']],
    [Array.from({ length: 33 }, (_, index) => [`Zoogate-Attribute-${index}`, 'x']).flat()],
  ])('%j are refused', (headers) => {
    expect(() => attributesOfHeaders(headers)).toThrow();
  });

  it('keep names that mean something to objects', () => {
    const attributes = attributesOfHeaders([
      'Zoogate-Attribute-__proto__',
      'a',
      'Zoogate-Attribute-constructor',
      'b',
    ]);
    expect(Object.entries(attributes)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
    expect(Object.keys(headersOfAttributes(attributes))).toHaveLength(2);
  });

  it('share a header when their names differ only in case', () => {
    expect(headersOfAttributes({ a: '1', A: '2' })).toEqual({ 'zoogate-attribute-a': ['1', '2'] });
  });

  it('come back as they went out, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const headers = headersOfAttributes({ a: value });
        expect(attributesOfHeaders(Object.entries(headers).flat(2))).toEqual({ a: value });
      }),
    );
  });
});
