/**
 * What a broker shows of itself to whoever watches it. Looking changes nothing and is answered from memory; only `depth`
 * and `stored` ask the ensemble, and only reads.
 */

import type { DataLimit } from '../limits/data-limit.ts';
import type { GatewayLoad } from '../limits/gateway-load.ts';
import type { EntryCache } from '../log/entry-cache.ts';
import type { Budget } from '../model/budget.ts';
import type { Stats, SubscriptionRef, TopicRef } from '../model/vocabulary.ts';
import type { Counts } from '../runtime/counts.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Directory } from '../topics/directory.ts';
import { type OpenTopic, subscriptionName } from '../topics/open-topic.ts';

export interface Vitals {
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

export class BrokerVitals implements Vitals {
  readonly entryCache: EntryCache;
  readonly #runtime: Runtime;
  readonly #directory: Directory;
  readonly #limits: Limits;

  constructor(runtime: Runtime, limits: Limits, entryCache: EntryCache, directory: Directory) {
    this.#limits = limits;
    this.#runtime = runtime;
    this.entryCache = entryCache;
    this.#directory = directory;
  }

  get counts(): Counts {
    return this.#runtime.counts;
  }

  get waitingReceives(): Budget {
    return this.#limits.load.waitingReceives;
  }

  get queuedBytes(): Budget {
    return this.#limits.load.queuedBytes;
  }

  get openTopics(): number {
    return this.#directory.size;
  }

  async subscriptions(topic: string): Promise<SubscriptionRef[]> {
    const open = this.#inUse({ kind: 'topic', name: topic });
    const names = (await open?.subscriptionNames()) ?? [];
    return names.map((subscription) => ({ kind: 'topic', name: topic, subscription }));
  }

  async depth(source: SubscriptionRef): Promise<Stats | undefined> {
    return this.#inUse(source)?.glance(subscriptionName(source));
  }

  #inUse({ kind, name }: TopicRef): OpenTopic | undefined {
    const open = this.#directory.peek(name);
    return open?.topic.kind === kind && !open.topic.deleted ? open : undefined;
  }

  async stored(): Promise<{ readonly bytes: number; readonly bytesMax: number } | undefined> {
    return this.#limits.dataLimit?.stored();
  }
}
