/**
 * What a run is about, drawn from its seed: how many gateways and servers there are, how small segments are, and how
 * each queue is configured. Every everyday run has the same resources, so that the rules know what to expect of each:
 *
 *     work     a queue of any configuration; its dead letters go to `dead`, or nowhere
 *     input    is consumed by transactions alone, which publish to `output`
 *     news     a topic that keeps everything; subscriptions `all` and `some`, which filters
 *     feed     a topic that keeps nothing; subscriptions `left` and `right`, and others that come and go
 *     scratch  is purged, deleted and made anew all the time
 */
import type { QueueConfig, SubscriptionConfig, TopicConfig } from '../../src/queue/index.ts';
import type { SegmentLimits } from '../../src/queue/model/segment.ts';
import type { Chance } from './chance.ts';

export interface Scenario extends Cluster {
  readonly work: QueueConfig;
  readonly news: TopicConfig;
  readonly all: SubscriptionConfig;
  readonly some: SubscriptionConfig;
  readonly feed: TopicConfig;
  readonly left: SubscriptionConfig;
  readonly right: SubscriptionConfig;
}

/** What every run has, whatever it is about. */
export interface Cluster {
  readonly gateways: number;
  readonly servers: number;
  /** Mean time by which followers are behind. */
  readonly lagMs: number;
  readonly segmentLimits: SegmentLimits;
  /** Requests of clients until they stop; counting and draining at the end takes some 60 more. */
  readonly operations: number;
  /** Mean time that a client takes between two requests. */
  readonly thinkMs: number;
  readonly faults: number;
}

export const PLAIN_QUEUE: QueueConfig = {
  delaySeconds: 0,
  priorities: 1,
  dedupWindowSeconds: 3_600,
  leaseSeconds: 2,
  ordering: 'none',
};

export const PLAIN_TOPIC: TopicConfig = { delaySeconds: 0, priorities: 1, dedupWindowSeconds: 3_600 };
export const PLAIN_SUBSCRIPTION: SubscriptionConfig = {
  leaseSeconds: 2,
  ordering: 'none',
  startFrom: 'earliest',
};
export const FILTER = { colour: ['red', 'green'] } as const;

export function drawScenario(chance: Chance): Scenario {
  const ordering = () => chance.pick(['none', 'none', 'group', 'strict'] as const);
  const maxDeliveries = chance.happens(0.4) ? chance.pick([1, 2, 3]) : undefined;
  const entries = chance.pick([2, 4, 8, 24]);
  return {
    gateways: chance.pick([1, 2, 2, 3, 4]),
    servers: chance.pick([1, 3, 3]),
    lagMs: chance.pick([2, 2, 20]),
    segmentLimits: { entries, messages: chance.pick([4, 20, 1000]), bytes: 100_000 },
    operations: 120,
    thinkMs: chance.pick([1, 10, 30]),
    faults: chance.pick([0, 2, 4, 8]),
    work: {
      ...PLAIN_QUEUE,
      ordering: ordering(),
      priorities: chance.pick([1, 1, 3]),
      maxDeliveries,
      deadLetterQueue: maxDeliveries !== undefined || chance.happens(0.5) ? 'dead' : undefined,
      leaseSeconds: chance.pick([0.3, 1, 5]),
      delaySeconds: chance.pick([0, 0, 0.5]),
      messageTtlSeconds: chance.happens(0.15) ? chance.pick([0.5, 5]) : undefined,
      maxMessages: chance.happens(0.15) ? chance.pick([3, 10]) : undefined,
    },
    news: { ...PLAIN_TOPIC, retentionSeconds: 1_000_000, priorities: chance.pick([1, 1, 2]) },
    all: { ...PLAIN_SUBSCRIPTION, ordering: ordering(), leaseSeconds: chance.pick([0.3, 2]) },
    some: { ...PLAIN_SUBSCRIPTION, ordering: ordering(), filter: FILTER },
    feed: PLAIN_TOPIC,
    left: { ...PLAIN_SUBSCRIPTION, ordering: ordering() },
    right: { ...PLAIN_SUBSCRIPTION, leaseSeconds: 0.5 },
  };
}
