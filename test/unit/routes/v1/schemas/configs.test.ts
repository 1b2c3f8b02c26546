import { describe, expect, it } from 'vitest';
import {
  patchedConfig,
  subscriptionConfigs,
  topicConfigs,
} from '../../../../../src/routes/v1/schemas/configs.ts';

const DEFAULTS = { leaseSeconds: 30, ordering: 'none', startFrom: 'latest' } as const;

function accepts(filter: unknown): boolean {
  return subscriptionConfigs.input.safeParse({ filter }).success;
}

describe('the configuration of a subscription', () => {
  it('has its defaults', () => {
    expect(subscriptionConfigs.input.parse({})).toEqual(DEFAULTS);
  });

  it('accepts filters within their limits', () => {
    const attributes = Array.from({ length: 32 }, (_, index) => [`a${index}`, ['x']]);
    expect(accepts({})).toBe(true);
    expect(accepts(Object.fromEntries(attributes))).toBe(true);
    expect(accepts({ kind: Array.from({ length: 64 }, (_, index) => `${index}`) })).toBe(true);
    expect(accepts({ kind: ['x'.repeat(1024), ''] })).toBe(true);
  });

  it('refuses filters beyond their limits', () => {
    const attributes = Array.from({ length: 33 }, (_, index) => [`a${index}`, ['x']]);
    expect(accepts(Object.fromEntries(attributes))).toBe(false);
    expect(accepts({ kind: Array.from({ length: 65 }, (_, index) => `${index}`) })).toBe(false);
    expect(accepts({ kind: ['x'.repeat(1025)] })).toBe(false);
    expect(accepts({ kind: [] })).toBe(false);
    expect(accepts({ kind: 'x' })).toBe(false);
    expect(accepts({ kind: [1] })).toBe(false);
    expect(accepts({ kind: ['\ud800'] })).toBe(false);
    expect(accepts({ 'a b': ['x'] })).toBe(false);
    expect(accepts({ kind: Array.from({ length: 64 }, () => 'x'.repeat(1024)) })).toBe(false);
    expect(accepts([])).toBe(false);
    expect(accepts(null)).toBe(false);
  });

  it('merges a patch into its filter', () => {
    const current = { ...DEFAULTS, filter: { kind: ['a'], place: ['b'] } };
    const patch = subscriptionConfigs.patch.parse({ filter: { kind: null, colour: ['red'] } });
    expect(patchedConfig(subscriptionConfigs, current, patch)).toEqual({
      ...DEFAULTS,
      filter: { place: ['b'], colour: ['red'] },
    });
    expect(patchedConfig(subscriptionConfigs, current, { filter: null })).toEqual(DEFAULTS);
  });

  it('refuses what a patch would make of its filter', () => {
    expect(() => patchedConfig(subscriptionConfigs, DEFAULTS, { filter: { kind: [] } })).toThrow(
      /filter.kind/,
    );
  });

  it('has no options of storage, as a topic has none of delivery', () => {
    expect(subscriptionConfigs.input.safeParse({ priorities: 2 }).success).toBe(false);
    for (const field of ['ordering', 'leaseSeconds', 'maxDeliveries', 'deadLetterQueue', 'filter']) {
      expect(topicConfigs.input.safeParse({ [field]: 1 }).error?.issues[0]?.code).toBe('unrecognized_keys');
    }
  });
});
