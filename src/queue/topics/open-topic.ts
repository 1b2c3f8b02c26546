/**
 * An incarnation in use at this gateway, with all that works on it: the appender, the trimmer, the schedule, the
 * dedupIds, and the subscriptions that somebody here uses.
 */

import type { CommitPart } from '../commit/parts.ts';
import { readWithDeadline } from '../commit/read-through.ts';
import { DeadLetters } from '../cursor/dead-letter-move.ts';
import { hasDead, type Inspection, inspect } from '../cursor/inspection.ts';
import { statsOf } from '../cursor/stats.ts';
import { Subscription } from '../cursor/subscription.ts';
import { type Amount, QueueLimits } from '../limits/queue-full.ts';
import type { AppendTarget } from '../log/append-plan.ts';
import { Appender } from '../log/appender.ts';
import type { EntryCache } from '../log/entry-cache.ts';
import type { LevelEntries } from '../log/level-entries.ts';
import { RecentIds } from '../log/recent-ids.ts';
import { Roller } from '../log/roller.ts';
import { Schedule } from '../log/schedule.ts';
import type { Topic } from '../log/topic.ts';
import { Trimmer } from '../log/trimmer.ts';
import type { Stats, SubscriptionRef, TopicConfig } from '../model/vocabulary.ts';
import type { MessageCounts } from '../runtime/counts.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { dedupPath, QUEUE_SUBSCRIPTION, subscriptionsPath } from '../zookeeper/paths.ts';
import { DeadLetterSources } from './dead-letter-sources.ts';

/** What an incarnation in use needs of the rest of the engine. */
export interface TopicHost {
  readonly runtime: Runtime;
  readonly cache: EntryCache;
  /** The incarnation behind a queue's name now. */
  findQueue(name: string): Promise<Topic | undefined>;
  /** A subscription of an incarnation by its id; undefined when it is no more. */
  findSubscription(id: string, name: string): Promise<Subscription | undefined>;
  /** Has a node removed with all below it, in the background. */
  removeTree(path: string): void;
}

export class OpenTopic implements AppendTarget {
  readonly topic: Topic;
  readonly runtime: Runtime;
  readonly cache: EntryCache;
  readonly appender: Appender;
  readonly trimmer: Trimmer;
  readonly schedule: Schedule;
  readonly dedup: RecentIds;
  readonly roller: Roller;
  readonly limits: QueueLimits;
  readonly sources: DeadLetterSources;
  readonly #subscriptions = new Map<string, Subscription>();
  /** How many requests are using each. */
  readonly #users = new Map<Subscription, number>();
  readonly #deadLetters: DeadLetters;
  #counts: MessageCounts | undefined;
  #draining = false;

  constructor(topic: Topic, host: TopicHost) {
    const { runtime, cache } = host;
    this.topic = topic;
    this.runtime = runtime;
    this.cache = cache;
    this.#deadLetters = new DeadLetters(runtime, cache, (name) => host.findQueue(name));
    this.sources = new DeadLetterSources(runtime, topic.id, (id, name) => host.findSubscription(id, name));
    this.schedule = new Schedule(runtime, topic, cache);
    this.dedup = new RecentIds(runtime, dedupPath(topic.id), (path) => host.removeTree(path));
    this.roller = new Roller(runtime, topic);
    this.limits = new QueueLimits(runtime, topic, () => this.#depth());
    this.appender = new Appender(this, this.limits);
    this.trimmer = new Trimmer(runtime, topic, cache, (level, segment) => {
      for (const subscription of this.#subscriptions.values())
        subscription.state.noteFinished(level, segment);
    });
    topic.onEvent((event) => {
      if (event === 'appended') {
        void this.roller.roll();
        this.#considerRetention();
      }
      for (const subscription of this.#subscriptions.values()) {
        if (event === 'changed') subscription.noteChanged();
        else subscription.noteAppend(event);
      }
    });
    topic.onSealed((level, segment) => {
      if (topic.showsItsLog) this.trimmer.considerUpTo(level, segment);
    });
  }

  /** What was published to it at this gateway. Not to be asked before something was: it takes a name's place. */
  get counts(): MessageCounts {
    const { kind, name } = this.topic;
    this.#counts ??= this.runtime.counts.of({ kind, name });
    return this.#counts;
  }

  /** The subscription's loop at this gateway. Whether there is such a subscription turns out when somebody uses it. */
  subscription(name: string): Subscription {
    const known = this.#subscriptions.get(name);
    if (known !== undefined) return known;
    const subscription: Subscription = new Subscription(this.runtime, this.cache, this.topic, name, {
      deadLetters: this.#deadLetters,
      onFinished: (level, segment) => this.trimmer.consider(level, segment),
      onUnused: () => this.#forget(name, subscription),
      bringIn: () => this.#bringInWithDeadline(),
      onWaiting: (waiting) => {
        if (this.topic.mayTakeDeadLetters) this.sources.follow(waiting);
      },
    });
    if (this.#draining) subscription.drain();
    this.#subscriptions.set(name, subscription);
    this.schedule.follow();
    return subscription;
  }

  /** As `AppendTarget` says. A message of a topic is for several subscriptions, and so are the writes then. */
  handOff(entries: LevelEntries, roomBytes: number): CommitPart | undefined {
    if (!this.topic.hasOneSubscription) return undefined;
    return this.#subscriptions.get(QUEUE_SUBSCRIPTION)?.handOff(entries, roomBytes);
  }

  /** This gateway has deleted the subscription: it tells whoever waits there, and keeps nothing more of it. */
  noteDeleted(name: string): void {
    this.#subscriptions.get(name)?.noteChanged();
    this.#subscriptions.delete(name);
  }

  /** Does something with a subscription, of which there is one object for all who do at the time. */
  async use<Result>(name: string, act: (subscription: Subscription) => Promise<Result>): Promise<Result> {
    const subscription = this.subscription(name);
    this.#users.set(subscription, (this.#users.get(subscription) ?? 0) + 1);
    try {
      return await act(subscription);
    } finally {
      const others = (this.#users.get(subscription) ?? 1) - 1;
      if (others > 0) this.#users.set(subscription, others);
      else this.#users.delete(subscription);
      // Keep nothing of a subscription that does not exist: a client can make up any number of names.
      if (!subscription.state.exists) this.#forget(name, subscription);
    }
  }

  #forget(name: string, subscription: Subscription): void {
    const isKnown = this.#subscriptions.get(name) === subscription;
    if (isKnown && !this.#users.has(subscription)) this.#subscriptions.delete(name);
  }

  /**
   * The subscription as it is now, with everything brought into the log, and out of the cursor, that by now belongs
   * there. Rejects with a StoreError; throws BrokerError.
   */
  async inspect(name: string): Promise<Inspection> {
    await this.#bringIn();
    for (;;) {
      const inspection = await inspect(this.runtime, this.cache, this.topic, name);
      if (!hasDead(inspection, this.runtime.store.packet)) return inspection;
      await this.subscription(name).bury();
    }
  }

  /**
   * How deep a subscription is, as one server shows it that may be behind: reads only, and brings nothing in. Undefined
   * when it does not want everything, for then it would cost a look at each message. Rejects with a StoreError; throws
   * BrokerError.
   */
  async glance(name: string): Promise<Stats | undefined> {
    const inspection = await inspect(this.runtime, this.cache, this.topic, name);
    const { filter, purgedSchedule } = inspection.state.policy;
    if (filter !== undefined || purgedSchedule > 0) return undefined;
    const { messages, bytes } = this.schedule.state;
    return statsOf(inspection, this.cache, { messages, bytes, oldestPublishedAtMs: undefined });
  }

  /** Moves into the log what is due, and what has died elsewhere. A subscription's own dead are its rounds' business. */
  async #bringIn(): Promise<void> {
    await this.runtime.store.barrier();
    const burying = this.topic.mayTakeDeadLetters ? this.sources.bury() : Promise.resolve();
    await Promise.all([this.schedule.moveDue(true), burying]);
  }

  /** Within the time of a request, again after a loss of the connection. Throws BrokerError. */
  #bringInWithDeadline(): Promise<void> {
    return readWithDeadline(this.runtime, () => this.#bringIn());
  }

  /** Has what a topic keeps for a time removed when that is over, even if nothing more comes and nobody subscribes. */
  #considerRetention(): void {
    if ((this.topic.config as TopicConfig).retentionSeconds === undefined) return;
    for (const log of this.topic.logs) if (log.last >= 0) this.trimmer.consider(log.level, log.last);
  }

  drain(): void {
    this.#draining = true;
    for (const subscription of this.#subscriptions.values()) subscription.drain();
  }

  /** The incarnation is deleted. Claims that wait at it learn that by themselves. */
  end(): void {
    this.schedule.close();
    this.trimmer.close();
  }

  close(): void {
    this.end();
    for (const subscription of this.#subscriptions.values()) subscription.close();
  }

  /** Names of the subscriptions that exist. Rejects with a StoreError. */
  async subscriptionNames(): Promise<string[]> {
    if (this.topic.hasOneSubscription) return [QUEUE_SUBSCRIPTION];
    return (await this.runtime.store.list(subscriptionsPath(this.topic.id)))?.children ?? [];
  }

  /** What counts against the limits: what is pending in a queue, or in a topic's slowest subscription. */
  async #depth(): Promise<Amount> {
    const names = await this.subscriptionNames();
    const depths = await Promise.all(
      names.map(async (name) => {
        return statsOf(await this.inspect(name), this.cache, {
          messages: 0,
          bytes: 0,
          oldestPublishedAtMs: undefined,
        });
      }),
    );
    await this.schedule.moveDue(true);
    const waiting = this.schedule.state;
    return {
      messages: waiting.messages + Math.max(0, ...depths.map((depth) => depth.messages)),
      bytes: waiting.bytes + Math.max(0, ...depths.map((depth) => depth.bytes)),
    };
  }
}

/** The engine's name of what a reference means. */
export function subscriptionName(ref: SubscriptionRef): string {
  return ref.kind === 'queue' ? QUEUE_SUBSCRIPTION : ref.subscription;
}
