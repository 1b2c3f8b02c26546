import { describe, expect, it } from 'vitest';
import { type Filter, filterErrors, passes } from '../../../../src/queue/model/filter.ts';

const accepts = (filter: unknown): boolean => filterErrors(filter).length === 0;
const values = (count: number) => Array.from({ length: count }, (_, index) => `${index}`);
const attributes = (count: number) => Object.fromEntries(values(count).map((name) => [name, ['x']]));

describe('filterErrors', () => {
  it('has none of filters within their limits', () => {
    expect(accepts({})).toBe(true);
    expect(accepts(attributes(32))).toBe(true);
    expect(accepts({ kind: values(64) })).toBe(true);
    expect(accepts({ kind: ['x'.repeat(1024), ''] })).toBe(true);
  });

  it('tells of filters beyond their limits', () => {
    expect(accepts(attributes(33))).toBe(false);
    expect(accepts({ kind: values(65) })).toBe(false);
    expect(accepts({ kind: ['x'.repeat(1025)] })).toBe(false);
    expect(accepts({ kind: Array.from({ length: 64 }, () => 'x'.repeat(1024)) })).toBe(false);
  });

  it('tells of what is no filter', () => {
    for (const filter of [[], null, undefined, 'x', { kind: [] }, { kind: 'x' }, { kind: [1] }])
      expect(accepts(filter)).toBe(false);
    expect(accepts({ kind: ['\ud800'] })).toBe(false);
    expect(accepts({ 'a b': ['x'] })).toBe(false);
  });

  it('names each attribute that is wrong', () => {
    const wrong = filterErrors({ fine: ['x'], 'a b': ['x'], kind: [] });
    expect(wrong.map(({ attribute }) => attribute)).toEqual(['a b', 'kind']);
  });

  it('sees an attribute called __proto__', () => {
    expect(filterErrors(JSON.parse('{"__proto__": 1}'))).toHaveLength(1);
  });
});

describe('passes', () => {
  const filter: Filter = { kind: ['created', 'paid'], place: ['b'] };

  it('needs an accepted value of every attribute of the filter', () => {
    expect(passes({ kind: 'paid', place: 'b', other: 'x' }, filter)).toBe(true);
    expect(passes({ kind: 'paid' }, filter)).toBe(false);
    expect(passes({ kind: 'shipped', place: 'b' }, filter)).toBe(false);
    expect(passes({}, {})).toBe(true);
  });

  it('takes nothing for an attribute that a message has only by its prototype', () => {
    expect(passes(Object.create({ kind: 'paid' }), { kind: ['paid'] })).toBe(false);
  });
});
