import { describe, expect, it } from 'vitest';
import {
  patchedConfig,
  subscriptionConfigs,
  topicConfigs,
} from '../../../../../src/routes/v1/schemas/configs.ts';

const DEFAULTS = { leaseSeconds: 30, ordering: 'none', startFrom: 'latest' } as const;

describe('the configuration of a subscription', () => {
  it('has its defaults', () => {
    expect(subscriptionConfigs.input.parse({})).toEqual(DEFAULTS);
  });

  it('refuses a filter that the engine would not take, by its attribute', () => {
    expect(subscriptionConfigs.input.safeParse({ filter: { kind: ['x'] } }).success).toBe(true);
    const refused = subscriptionConfigs.input.safeParse({ filter: { kind: [], 'a b': ['x'] } });
    expect(refused.error?.issues.map(({ path }) => path)).toEqual([
      ['filter', 'kind'],
      ['filter', 'a b'],
    ]);
    expect(subscriptionConfigs.input.safeParse({ filter: null }).error?.issues[0]?.path).toEqual(['filter']);
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
