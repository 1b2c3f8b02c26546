/**
 * What a broker shows of itself to whoever watches it. Looking changes nothing and is answered from memory; only `depth`
 * and `stored` ask the ensemble, and only reads.
 */
import type { Stats, SubscriptionRef } from './broker-types.ts';
import type { Counts } from './counts.ts';
import type { EntryCache } from './log/entry-cache.ts';
import type { Budget } from './model/budget.ts';
import type { Runtime } from './runtime.ts';
import type { Directory } from './topics/directory.ts';
import { subscriptionName } from './topics/open-topic.ts';
import { subscriptionRef } from './topics/topic.ts';

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
  /**
   * Queues and subscriptions in use here whose depth costs little, the most recently used first. One with a filter is
   * not among them: what it wants is only known by looking at every message.
   */
  inUse(): Iterable<SubscriptionRef>;
  /**
   * How deep it is, as one server shows it that may be behind: about ten reads, no write, no barrier; what is due or dead
   * by now is not moved for it. Undefined when it is not in use here any more. Rejects with a StoreError; throws
   * BrokerError.
   */
  depth(source: SubscriptionRef): Promise<Stats | undefined>;
  /** How much the ensemble stores, of how much it may; undefined when that is not limited, or can't be told. */
  stored(): Promise<{ readonly bytes: number; readonly bytesMax: number } | undefined>;
}

export class BrokerVitals implements Vitals {
  readonly entryCache: EntryCache;
  readonly #runtime: Runtime;
  readonly #directory: Directory;

  constructor(runtime: Runtime, entryCache: EntryCache, directory: Directory) {
    this.#runtime = runtime;
    this.entryCache = entryCache;
    this.#directory = directory;
  }

  get counts(): Counts {
    return this.#runtime.counts;
  }

  get waitingReceives(): Budget {
    return this.#runtime.load.waitingReceives;
  }

  get queuedBytes(): Budget {
    return this.#runtime.load.queuedBytes;
  }

  get openTopics(): number {
    return this.#directory.size;
  }

  *inUse(): Generator<SubscriptionRef> {
    for (const open of this.#directory.inUse()) {
      if (open.topic.deleted) continue;
      for (const name of open.subscriptionsInUse()) yield subscriptionRef(open.topic, name);
    }
  }

  async depth(source: SubscriptionRef): Promise<Stats | undefined> {
    const open = this.#directory.peek(source.name);
    if (open === undefined || open.topic.deleted || open.topic.kind !== source.kind) return undefined;
    return open.glance(subscriptionName(source));
  }

  async stored(): Promise<{ readonly bytes: number; readonly bytesMax: number } | undefined> {
    return this.#runtime.dataLimit?.stored();
  }
}
