import { describe, expect, it } from 'vitest';
import { defaultsOf, inconsistencies, optionsOf, readConfig } from '../../../../src/queue/model/config.ts';
import type { QueueConfig, ResourceKind } from '../../../../src/queue/model/options.ts';

const KINDS: readonly ResourceKind[] = ['queue', 'topic', 'subscription'];

describe('defaults', () => {
  it('are those that the API documents', () => {
    const storage = { delaySeconds: 0, priorities: 1, dedupWindowSeconds: 300 };
    const delivery = { leaseSeconds: 30, ordering: 'none' };
    expect(defaultsOf('queue')).toEqual({ ...delivery, ...storage });
    expect(defaultsOf('topic')).toEqual(storage);
    expect(defaultsOf('subscription')).toEqual({ ...delivery, startFrom: 'latest' });
  });

  it.each(KINDS)('of a %s are within their ranges', (kind) => {
    for (const [name, option] of optionsOf(kind)) {
      if (option.default === undefined) continue;
      if (option.kind === 'choice') expect(option.choices, name).toContain(option.default);
      if (!('min' in option)) continue;
      expect(option.default, name).toBeGreaterThanOrEqual(option.min);
      expect(option.default, name).toBeLessThanOrEqual(option.max);
    }
  });
});

describe('readConfig', () => {
  it.each(KINDS)('gives each option of a %s that was not stored its default', (kind) => {
    const defaults = new Map(Object.entries(defaultsOf(kind)));
    const names = [...optionsOf(kind).keys()];
    const complete = Object.fromEntries(names.map((name) => [name, 'stored']));
    for (const left of names) {
      const { [left]: _, ...stored } = complete;
      const { config, unknownOptions } = readConfig(kind, stored);
      const expected = defaults.has(left) ? { [left]: defaults.get(left) } : {};
      expect(config).toEqual({ ...stored, ...expected });
      expect(unknownOptions).toEqual({});
    }
  });

  it('tells options apart that it does not know, those of other kinds of resource included', () => {
    const { config, unknownOptions } = readConfig('topic', { priorities: 2, colour: 'red', leaseSeconds: 5 });
    expect(config).toEqual({ ...defaultsOf('topic'), priorities: 2 });
    expect(unknownOptions).toEqual({ colour: 'red', leaseSeconds: 5 });
  });
});

describe('inconsistencies', () => {
  const config = { ...defaultsOf('queue'), deadLetterQueue: 'jobs' } as QueueConfig;

  it('a queue cannot be its own dead-letter queue', () => {
    const found = inconsistencies({ kind: 'queue', name: 'jobs' }, config);
    expect(found).toEqual([{ path: 'deadLetterQueue', message: 'cannot be the queue itself' }]);
    expect(inconsistencies({ kind: 'queue', name: 'others' }, config)).toEqual([]);
  });

  it('a subscription may have the name of its dead-letter queue', () => {
    const subscribed = { ...config, startFrom: 'latest' } as const;
    expect(inconsistencies({ kind: 'subscription', topic: 'news', name: 'jobs' }, subscribed)).toEqual([]);
  });
});
