import { describe, expect, it } from 'vitest';
import { defaultsOf } from '../../../../src/queue/model/config.ts';
import {
  expiryMs,
  isMessageExpired,
  isWanted,
  policyOf,
} from '../../../../src/queue/model/delivery-policy.ts';
import type { QueueConfig, SubscriptionConfig } from '../../../../src/queue/model/options.ts';
import { worldMessage } from './histories/drafting-world.ts';

const config = defaultsOf('queue') as QueueConfig;
const record = { generation: 1, token: 't', start: [], revision: 'r', createdAtMs: 1, updatedAtMs: 1 };
const policy = policyOf('queue', record, config, config);
const message = worldMessage('m');
const deadLetter = {
  source: { kind: 'queue', name: 'jobs' },
  reason: 'rejected',
  deliveries: 1,
  atMs: 500,
} as const;

it('is made of the configuration of the subscription and of what it is of', () => {
  const filter = { kind: ['a'] };
  const defaults = defaultsOf('subscription') as SubscriptionConfig;
  const own: SubscriptionConfig = { ...defaults, ordering: 'group', maxDeliveries: 3, filter };
  const storage = { ...config, messageTtlSeconds: 1.5 };
  expect(policyOf('readers', { ...record, config: own, purgedSchedule: 9 }, own, storage)).toEqual({
    subscription: 'readers',
    ordering: 'group',
    maxDeliveries: 3,
    messageTtlMs: 1500,
    filter,
    purgedSchedule: 9,
  });
  expect(policy).toMatchObject({ messageTtlMs: undefined, filter: undefined, purgedSchedule: 0 });
});

describe('a message', () => {
  it('expires by its own limit or by the time to live, whichever comes first', () => {
    expect(expiryMs(message, undefined)).toBeUndefined();
    expect(expiryMs(message, 100)).toBe(101);
    expect(expiryMs({ ...message, expiresAtMs: 50 }, 100)).toBe(50);
    expect(expiryMs({ ...message, expiresAtMs: 150 }, 100)).toBe(101);
  });

  it('has its time to live again when it becomes a dead letter', () => {
    expect(expiryMs({ ...message, deadLetter }, 100)).toBe(600);
  });

  it('is expired from that instant on', () => {
    const short = { messageTtlMs: 100 };
    expect([100, 101].map((nowMs) => isMessageExpired(message, short, nowMs))).toEqual([false, true]);
    expect(isMessageExpired(message, policy, Number.MAX_SAFE_INTEGER)).toBe(false);
  });

  it('is wanted when it passes the filter', () => {
    const filtered = { ...policy, filter: { kind: ['a'] } };
    expect(isWanted({ ...message, attributes: { kind: 'a' } }, filtered)).toBe(true);
    expect(isWanted(message, filtered)).toBe(false);
    expect(isWanted(message, policy)).toBe(true);
  });

  it('that was redriven to one subscription is for that alone', () => {
    expect(isWanted({ ...message, onlyFor: 'queue' }, policy)).toBe(true);
    expect(isWanted({ ...message, onlyFor: 'others' }, policy)).toBe(false);
  });

  it('that was scheduled when the schedule was purged is not wanted, unless it was moved here since', () => {
    const purged = { ...policy, purgedSchedule: 5 };
    expect(isWanted({ ...message, scheduledBy: 5 }, purged)).toBe(false);
    expect(isWanted({ ...message, scheduledBy: 6 }, purged)).toBe(true);
    expect(isWanted({ ...message, scheduledBy: 5, deadLetter }, purged)).toBe(true);
    expect(isWanted({ ...message, scheduledBy: 5, onlyFor: 'queue' }, purged)).toBe(true);
  });
});
