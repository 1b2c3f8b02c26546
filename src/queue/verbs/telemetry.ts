/**
 * Telemetry: what a broker tells of itself, for metrics. Reading it changes nothing. It is answered from memory, except
 * `subscriptions`, `depth` and `stored`, which read from the ensemble.
 */

import type { GatewayLoad } from '../limits/rate-limited.ts';
import type { DataLimit } from '../limits/store-full.ts';
import type { EntryCache } from '../log/entry-cache.ts';
import type { Budget } from '../model/budget.ts';
import type { Stats, SubscriptionRef, TopicRef } from '../model/vocabulary.ts';
import type { Counts } from '../runtime/counts.ts';
import type { Engine } from '../topics/engine.ts';
import { type OpenTopic, subscriptionName } from '../topics/open-topic.ts';

export interface Telemetry {
  /** What was done so far. */
  readonly counts: Counts;
  /** Receives that wait for a message. */
  readonly waitingReceives: Budget;
  /** Messages on their way into the store, in bytes. */
  readonly queuedBytes: Budget;
  readonly entryCache: Pick<EntryCache, 'size' | 'loads'>;
  /** Queues and topics in use here. */
  readonly openTopics: number;
  /** The subscriptions of a topic that is in use here; none of another one. One read. Rejects with a StoreError. */
  subscriptions(topic: string): Promise<SubscriptionRef[]>;
  /**
   * How deep it is, as one server shows it that may be behind: about ten reads, no write, no barrier; what is due or dead
   * by now is not moved for it. Undefined when it is not in use here any more, or has a filter: what such a one wants
   * is only known by looking at every message. Rejects with a StoreError; throws BrokerError.
   */
  depth(source: SubscriptionRef): Promise<Stats | undefined>;
  /** How much the ensemble stores, of how much it may; undefined when that is not limited, or can't be told. */
  stored(): Promise<{ readonly bytes: number; readonly bytesMax: number } | undefined>;
}

/** What bounds this gateway and its ensemble. */
interface Limits {
  readonly load: GatewayLoad;
  readonly dataLimit?: DataLimit;
}

/** @param limits those of this gateway and its ensemble, for what they have let in */
export function telemetryOf({ runtime, entries, directory }: Engine, limits: Limits): Telemetry {
  const inUse = ({ kind, name }: TopicRef): OpenTopic | undefined => {
    const open = directory.peek(name);
    return open?.topic.kind === kind && !open.topic.deleted ? open : undefined;
  };
  return {
    counts: runtime.counts,
    waitingReceives: limits.load.waitingReceives,
    queuedBytes: limits.load.queuedBytes,
    entryCache: entries,
    get openTopics() {
      return directory.size;
    },
    async subscriptions(topic) {
      const open = inUse({ kind: 'topic', name: topic });
      const names = (await open?.subscriptionNames()) ?? [];
      return names.map((subscription) => ({ kind: 'topic', name: topic, subscription }));
    },
    async depth(source) {
      return inUse(source)?.glance(subscriptionName(source));
    },
    async stored() {
      return limits.dataLimit?.stored();
    },
  };
}
