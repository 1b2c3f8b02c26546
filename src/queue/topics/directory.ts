/**
 * From names to incarnations: which queues and topics this gateway has in use.
 *
 * A known name is used without asking: every write to an incarnation is guarded by its configuration's version, so
 * acting on an old picture fails and is looked up again. That a name does not exist is said only behind a barrier.
 * What another gateway deletes is forgotten when its watch tells, though nobody here should ask for its name again.
 */
import { LRUCache } from 'lru-cache';
import { readWithDeadline } from '../commit/read-through.ts';
import type { Subscription } from '../cursor/subscription.ts';
import type { EntryCache } from '../log/entry-cache.ts';
import { notFound, Topic } from '../log/topic.ts';
import { BrokerError } from '../model/errors.ts';
import { decodeRecord, type NameRecord, type TopicRecord } from '../model/records.ts';
import type { SubscriptionRef, TopicRef } from '../model/vocabulary.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { dataPath, topicPath } from '../zookeeper/paths.ts';
import { OpenTopic, subscriptionName, type TopicHost } from './open-topic.ts';

/** The incarnation that a name stands for now. Throws BrokerError 'not-found', also when it is of the other kind. */
export type Resolve = (ref: TopicRef) => Promise<OpenTopic>;

/** What is forgotten beyond this is read again when it is needed. */
const TOPICS_KEPT = 10_000;
/** After a failure of the ensemble. */
const LOOK_AGAIN_MS = 1_000;

export class Directory {
  readonly #runtime: Runtime;
  readonly #host: TopicHost;
  readonly #open = new LRUCache<string, OpenTopic>({
    // Each counts as one. With `max` instead, room for all of them would be made at once.
    maxSize: TOPICS_KEPT,
    sizeCalculation: () => 1,
  });
  readonly #opening = new Map<string, Promise<OpenTopic | undefined>>();
  /** Incarnations that may have been deleted. */
  readonly #changed = new Set<OpenTopic>();
  #looking = false;
  #draining = false;
  #closed = false;

  constructor(runtime: Runtime, cache: EntryCache, removeTree: (path: string) => void) {
    this.#runtime = runtime;
    this.#host = {
      runtime,
      cache,
      findQueue: async (name) => {
        const open = await this.find(name);
        return open?.topic.mayTakeDeadLetters === true ? open.topic : undefined;
      },
      findSubscription: (id, name) => this.#findSubscription(id, name),
      removeTree,
    };
  }

  /** The incarnation that the name stands for now. Throws BrokerError 'not-found', also when it is of the other kind. */
  async #resolve(ref: TopicRef): Promise<OpenTopic> {
    const known = this.#known(ref.name);
    if (known !== undefined && known.topic.kind === ref.kind) return known;
    const open = await readWithDeadline(this.#runtime, () => this.findFor(ref));
    if (open === undefined || open.topic.kind !== ref.kind) throw notFound(ref.kind, ref.name);
    return open;
  }

  /**
   * Does something with the incarnation that the name stands for. When it turns out to be deleted meanwhile, its name
   * may stand for another one by now, made before the caller asked: then that is used.
   */
  use<Result>(ref: TopicRef, act: (open: OpenTopic) => Promise<Result>): Promise<Result> {
    return this.useSeveral(async (resolve) => act(await resolve(ref)));
  }

  /** As `use`, with one of its subscriptions. */
  useSubscription<Result>(
    source: SubscriptionRef,
    act: (open: OpenTopic, subscription: Subscription) => Promise<Result>,
  ): Promise<Result> {
    const ref = { kind: source.kind, name: source.name };
    const name = subscriptionName(source);
    return this.use(ref, (open) => open.use(name, (subscription) => act(open, subscription)));
  }

  /** As `use`, for what is done with several at once: each is to be asked for by `resolve`. */
  async useSeveral<Result>(act: (resolve: Resolve) => Promise<Result>): Promise<Result> {
    for (;;) {
      const used: OpenTopic[] = [];
      try {
        return await act(async (ref) => {
          const open = await this.#resolve(ref);
          used.push(open);
          return open;
        });
      } catch (error) {
        const isGone = error instanceof BrokerError && error.code === 'not-found';
        if (!isGone || !used.some(({ topic }) => topic.deleted)) throw error;
      }
    }
  }

  /** The incarnation behind a name of either kind, or undefined for certain. Rejects with a StoreError. */
  async find(name: string): Promise<OpenTopic | undefined> {
    return this.#known(name) ?? (await this.#look(name)) ?? (await this.#lookAgain(name));
  }

  /**
   * As `find`, for a caller that refuses what is of another kind than it names. Another gateway may have deleted that a
   * moment ago, and a refusal writes nothing that would fail: the name is looked up behind a barrier first.
   */
  async findFor({ kind, name }: TopicRef): Promise<OpenTopic | undefined> {
    const found = await this.find(name);
    return found === undefined || found.topic.kind === kind ? found : this.#lookAgain(name);
  }

  /** What is in use under a name, without looking further. */
  peek(name: string): OpenTopic | undefined {
    return this.#open.peek(name);
  }

  get size(): number {
    return this.#open.size;
  }

  /** Forgets a name whose incarnation has been deleted. */
  forget(name: string): void {
    this.#open.peek(name)?.end();
    this.#open.delete(name);
  }

  drain(): void {
    this.#draining = true;
    for (const open of this.#open.values()) open.drain();
  }

  close(): void {
    this.#closed = true;
    for (const open of this.#open.values()) open.close();
  }

  #known(name: string): OpenTopic | undefined {
    const known = this.#open.get(name);
    return known !== undefined && !known.topic.stale && !known.topic.deleted ? known : undefined;
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
      this.forget(name);
      return undefined;
    }
    const { kind, id } = decodeRecord<NameRecord>(node.data);
    const known = this.#open.get(name);
    if (known?.topic.id === id) {
      await known.topic.refresh();
      return known.topic.deleted ? undefined : known;
    }
    // Watched from the first reading on.
    const opened: { topic?: Topic } = {};
    const data = await store.read(dataPath(id), { watch: () => opened.topic?.watch() });
    if (data === undefined) return undefined;
    const topic = new Topic(this.#runtime, kind, id, data);
    opened.topic = topic;
    if (topic.deleted) return undefined;
    // Two look-ups of one name may have crossed: the first to come through stays.
    const crossed = this.#open.get(name);
    if (crossed?.topic.id === id) return crossed;
    this.forget(name);
    const open = new OpenTopic(topic, this.#host);
    topic.onEvent((event) => {
      if (event === 'changed') this.#noteChanged(open);
    });
    if (this.#draining) open.drain();
    this.#open.set(name, open);
    return open;
  }

  #noteChanged(open: OpenTopic): void {
    const { name, deleted } = open.topic;
    if (this.#open.peek(name) !== open) return;
    if (deleted) {
      this.forget(name);
      return;
    }
    this.#changed.add(open);
    if (!this.#looking) void this.#lookAtChanged();
  }

  /** One at a time: when the connection is lost, the watches of all of them tell so at once. */
  async #lookAtChanged(): Promise<void> {
    this.#looking = true;
    for (const open of this.#changed) {
      this.#changed.delete(open);
      if (this.#closed) break;
      if (!open.topic.stale || this.#open.peek(open.topic.name) !== open) continue;
      try {
        await open.topic.lookIfDeleted();
      } catch {
        this.#changed.add(open);
        await new Promise<void>((resolve) => void this.#runtime.timers.after(LOOK_AGAIN_MS, resolve));
      }
    }
    this.#looking = false;
  }

  async #findSubscription(id: string, name: string): Promise<Subscription | undefined> {
    const node = await this.#runtime.store.read(dataPath(id));
    if (node === undefined) return undefined;
    const record = decodeRecord<TopicRecord>(node.data);
    const open = record.deleted === true ? undefined : await this.find(record.name);
    return open?.topic.id === id ? open.subscription(name) : undefined;
  }
}

/** A name that is in use for the other kind. */
export function takenBy(kind: 'queue' | 'topic', name: string): BrokerError {
  return new BrokerError('conflict', `The name '${name}' belongs to a ${kind}.`);
}
