/**
 * From names to incarnations: what this gateway knows of queues and topics, with the appender, the trimmer and the
 * subscriptions of each in use.
 *
 * A known name is used without asking: every write to an incarnation is guarded by its configuration's version, so
 * acting on an old picture fails and is looked up again. That a name does not exist is said only behind a barrier.
 */
import { LRUCache } from 'lru-cache';
import type { DeliveryConfig, SubscriptionRef, TopicRef } from '../broker-types.ts';
import { Subscription } from '../cursor/subscription.ts';
import { BrokerError } from '../errors.ts';
import { Appender } from '../log/appender.ts';
import type { EntryCache } from '../log/entry-cache.ts';
import { Trimmer } from '../log/trimmer.ts';
import { decodeRecord, type NameRecord } from '../model/records.ts';
import type { Runtime } from '../runtime.ts';
import { deadline, readThrough } from '../settled-commit.ts';
import { dataPath, QUEUE_SUBSCRIPTION, topicPath } from '../zookeeper/paths.ts';
import { notFound, Topic } from './topic.ts';

/** An incarnation in use at this gateway. */
export interface OpenTopic {
  readonly topic: Topic;
  readonly appender: Appender;
  readonly trimmer: Trimmer;
  readonly subscriptions: Map<string, Subscription>;
}

/** What is forgotten beyond this is read again when it is needed. */
const TOPICS_KEPT = 10_000;

export class Directory {
  readonly #runtime: Runtime;
  readonly #entries: EntryCache;
  readonly #open = new LRUCache<string, OpenTopic>({ max: TOPICS_KEPT });
  readonly #opening = new Map<string, Promise<OpenTopic | undefined>>();
  #draining = false;

  constructor(runtime: Runtime, entries: EntryCache) {
    this.#runtime = runtime;
    this.#entries = entries;
  }

  /** The incarnation that the name stands for now. Throws BrokerError 'not-found', also when it is of the other kind. */
  async resolve(ref: TopicRef): Promise<OpenTopic> {
    const { signal, cancel } = deadline(this.#runtime, this.#runtime.requestTimeoutMs);
    try {
      const open = await readThrough(this.#runtime, signal, () => this.find(ref.name));
      if (open === undefined || open.topic.kind !== ref.kind) throw notFound(ref.kind, ref.name);
      return open;
    } finally {
      cancel();
    }
  }

  /**
   * Does something with the incarnation that the name stands for. When it turns out to be deleted meanwhile, its name
   * may stand for another one by now, made before the caller asked: then that is used.
   */
  async use<Result>(ref: TopicRef, act: (open: OpenTopic) => Promise<Result>): Promise<Result> {
    for (;;) {
      const open = await this.resolve(ref);
      try {
        return await act(open);
      } catch (error) {
        const isGone = error instanceof BrokerError && error.code === 'not-found' && open.topic.deleted;
        if (!isGone) throw error;
      }
    }
  }

  /** The incarnation behind a name of either kind, or undefined for certain. Rejects with a StoreError. */
  async find(name: string): Promise<OpenTopic | undefined> {
    const known = this.#open.get(name);
    if (known !== undefined && !known.topic.stale && !known.topic.deleted) return known;
    return (await this.#look(name)) ?? (await this.#lookAgain(name));
  }

  /** The subscription's loop at this gateway. */
  subscription(open: OpenTopic, ref: SubscriptionRef): Subscription {
    const name = ref.kind === 'queue' ? QUEUE_SUBSCRIPTION : ref.subscription;
    let subscription = open.subscriptions.get(name);
    if (subscription === undefined) {
      const defaultLeaseMs = () => (open.topic.config as unknown as DeliveryConfig).leaseSeconds * 1000;
      subscription = new Subscription(
        this.#runtime,
        this.#entries,
        open.topic,
        name,
        defaultLeaseMs,
        (level, segment) => open.trimmer.consider(level, segment),
      );
      if (this.#draining) subscription.drain();
      open.subscriptions.set(name, subscription);
    }
    return subscription;
  }

  /** Forgets a name whose incarnation has been found to be deleted. */
  forget(name: string): void {
    this.#open.delete(name);
  }

  drain(): void {
    this.#draining = true;
    for (const open of this.#open.values())
      for (const subscription of open.subscriptions.values()) subscription.drain();
  }

  close(): void {
    for (const open of this.#open.values())
      for (const subscription of open.subscriptions.values()) subscription.close();
  }

  #look(name: string): Promise<OpenTopic | undefined> {
    let opening = this.#opening.get(name);
    if (opening === undefined) {
      opening = this.#read(name).finally(() => this.#opening.delete(name));
      this.#opening.set(name, opening);
    }
    return opening;
  }

  /** The server that answered may be behind: behind a barrier it is not. */
  async #lookAgain(name: string): Promise<OpenTopic | undefined> {
    await this.#runtime.store.barrier();
    return this.#read(name);
  }

  async #read(name: string): Promise<OpenTopic | undefined> {
    const { store } = this.#runtime;
    const node = await store.read(topicPath(name));
    if (node === undefined) {
      this.#open.delete(name);
      return undefined;
    }
    const { kind, id } = decodeRecord<NameRecord>(node.data);
    const known = this.#open.get(name);
    if (known?.topic.id === id) {
      await known.topic.refresh();
      return known.topic.deleted ? undefined : known;
    }
    const data = await store.read(dataPath(id));
    if (data === undefined) return undefined;
    const topic = new Topic(store, kind, id, data);
    await topic.refresh();
    if (topic.deleted) return undefined;
    return this.#adopt(topic);
  }

  #adopt(topic: Topic): OpenTopic {
    const subscriptions = new Map<string, Subscription>();
    const trimmer = new Trimmer(this.#runtime, topic, (level, segment) => {
      for (const subscription of subscriptions.values()) subscription.noteTrimmed(level, segment);
    });
    const open: OpenTopic = {
      topic,
      trimmer,
      subscriptions,
      appender: new Appender(this.#runtime, topic, this.#entries),
    };
    topic.onEvent((event) => {
      for (const subscription of subscriptions.values()) {
        if (event === 'appended') subscription.noteAppended();
        else subscription.noteChanged();
      }
    });
    this.#open.set(topic.name, open);
    return open;
  }
}

/** A name that is in use for the other kind. */
export function takenBy(kind: 'queue' | 'topic', name: string): BrokerError {
  return new BrokerError('conflict', `The name '${name}' belongs to a ${kind}.`);
}
