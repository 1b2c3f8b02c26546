/**
 * One incarnation of a queue or topic as this gateway knows it: its configuration with the version that guards every
 * write, and the logs of its priority levels.
 *
 * The configuration may be behind; a write that relies on it carries `guard()`, fails when it is, and is tried again
 * after `refresh()`. A deleted incarnation never comes back: its name may, with another id.
 */

import { BrokerError } from '../model/errors.ts';
import { decodeRecord, type TopicRecord } from '../model/records.ts';
import type { SegmentLimits } from '../model/segment.ts';
import type { QueueConfig, StorageConfig, SubscriptionRef, TopicConfig } from '../model/vocabulary.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { dataPath, logPath } from '../zookeeper/paths.ts';
import type { NodeData, Store, Write } from '../zookeeper/store.ts';
import { Log } from './log.ts';

/**
 * changed        the incarnation may have changed
 * appending      this gateway is about to append to it: its watches on the log will tell of that
 * appended       it has: who waits here need not wait for a watch to tell
 * not-appended   it has not
 */
export type TopicEvent = 'changed' | 'appending' | 'appended' | 'not-appended';

/** In the place of a version: nobody has needed the levels yet. */
const UNDISCOVERED = -1;

export class Topic {
  readonly id: string;
  readonly name: string;
  readonly kind: 'queue' | 'topic';
  /** To be set on the incarnation's node. */
  readonly watch = (): void => {
    this.#stale = true;
    this.notify('changed');
  };
  readonly #store: Store;
  readonly #segmentLimits: SegmentLimits;
  readonly #logs = new Map<number, Log>();
  readonly #listeners = new Set<(event: TopicEvent) => void>();
  readonly #sealListeners = new Set<(level: number, segment: number) => void>();
  #record: TopicRecord;
  #version: number;
  /** The version under which the levels were listed. */
  #discoveredAt = UNDISCOVERED;
  #createdAtMs: number;
  #updatedAtMs: number;
  #deleted = false;
  #stale = false;

  constructor(
    { store, segmentLimits }: Pick<Runtime, 'store' | 'segmentLimits'>,
    kind: 'queue' | 'topic',
    id: string,
    node: NodeData,
  ) {
    this.#store = store;
    this.#segmentLimits = segmentLimits;
    this.kind = kind;
    this.id = id;
    this.#record = decodeRecord<TopicRecord>(node.data);
    this.name = this.#record.name;
    this.#version = node.stat.version;
    this.#createdAtMs = node.stat.ctimeMs;
    this.#updatedAtMs = node.stat.mtimeMs;
    this.#deleted = this.#record.deleted === true;
  }

  /** A queue has one subscription, which comes and goes with it. A topic's subscriptions are made and deleted one by one. */
  get hasOneSubscription(): boolean {
    return this.kind === 'queue';
  }

  /** Only a queue may be named as a dead-letter queue. */
  get mayTakeDeadLetters(): boolean {
    return this.kind === 'queue';
  }

  /** Only a topic shows what its log holds, to browsers, streams and new subscriptions: also what is acked everywhere. */
  get showsItsLog(): boolean {
    return this.kind === 'topic';
  }

  get config(): QueueConfig | TopicConfig {
    return this.#record.config;
  }

  get storage(): StorageConfig {
    return this.#record.config;
  }

  get record(): TopicRecord {
    return this.#record;
  }

  get version(): number {
    return this.#version;
  }

  get createdAtMs(): number {
    return this.#createdAtMs;
  }

  get updatedAtMs(): number {
    return this.#updatedAtMs;
  }

  get deleted(): boolean {
    return this.#deleted;
  }

  /** The configuration may have changed since it was read. */
  get stale(): boolean {
    return this.#stale;
  }

  /** Fails a commit when the configuration is no longer the known one, or the incarnation is deleted. */
  guard(): Extract<Write, { kind: 'check' }> {
    return { kind: 'check', path: dataPath(this.id), version: this.#version };
  }

  /** The log of a level; the same object for the same level. */
  log(level: number): Log {
    let log = this.#logs.get(level);
    if (log === undefined) {
      log = new Log(this.#store, this.#segmentLimits, this.id, level);
      this.#logs.set(level, log);
    }
    return log;
  }

  /** The logs that exist or may come to exist, highest priority first. Known after `discoverLevels`. */
  get logs(): Log[] {
    for (let level = 0; level < this.storage.priorities; level += 1) this.log(level);
    return [...this.#logs.values()].sort((a, b) => b.level - a.level);
  }

  /**
   * Finds levels that hold messages from a time when the configuration had more of them. Once known they are looked for
   * again with each new configuration, by `refresh`.
   */
  async discoverLevels(): Promise<void> {
    // Appending checks the configuration: under this one nothing comes into a level that is not among its own.
    if (this.#discoveredAt === this.#version) return;
    const version = this.#version;
    const listing = await this.#store.list(logPath(this.id));
    for (const name of listing?.children ?? []) this.log(Number(name));
    this.#discoveredAt = version;
  }

  markStale(): void {
    this.#stale = true;
  }

  /** Calls the listener of each event from now on. The returned function ends that. */
  onEvent(listener: (event: TopicEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  notify(event: TopicEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** This gateway has sealed a segment: whether it is to be kept may have to be decided. */
  notifySealed(level: number, segment: number): void {
    for (const listener of this.#sealListeners) listener(level, segment);
  }

  onSealed(listener: (level: number, segment: number) => void): void {
    this.#sealListeners.add(listener);
  }

  /** Reads the configuration again, and has its next change told. */
  async refresh(): Promise<void> {
    this.#stale = false;
    try {
      const node = await this.#store.read(dataPath(this.id), { watch: this.watch });
      if (node === undefined) this.noteDeleted();
      else this.#adopt(node);
      if (this.#discoveredAt !== UNDISCOVERED) await this.discoverLevels();
    } catch (error) {
      this.#stale = true;
      throw error;
    }
  }

  /**
   * Finds out whether it is deleted, and has its next change told. What is known of it stays as it is: others may be
   * about to write what they have made on that. Rejects with a StoreError.
   */
  async lookIfDeleted(): Promise<void> {
    const node = await this.#store.read(dataPath(this.id), { watch: this.watch });
    if (node === undefined || decodeRecord<TopicRecord>(node.data).deleted === true) this.noteDeleted();
  }

  /** It turns out to be deleted, or this gateway has deleted it. */
  noteDeleted(): void {
    if (this.#deleted) return;
    this.#deleted = true;
    this.notify('changed');
  }

  /** Throws 'not-found' for a deleted incarnation. */
  assertLive(): void {
    if (this.#deleted) throw notFound(this.kind, this.name);
  }

  /**
   * What to throw when there is no such subscription of it, for certain. A queue's own comes and goes with the queue: so
   * the incarnation is noted to be deleted, and another may go by its name.
   */
  lacks(subscription: string): BrokerError {
    if (!this.hasOneSubscription) return notFound('subscription', subscription);
    this.noteDeleted();
    return notFound('queue', this.name);
  }

  #adopt(node: NodeData): void {
    const record = decodeRecord<TopicRecord>(node.data);
    // Under its version what is on its way, made for the living, would still be let through.
    if (record.deleted === true) {
      this.noteDeleted();
      return;
    }
    this.#record = record;
    this.#version = node.stat.version;
    this.#updatedAtMs = node.stat.mtimeMs;
  }
}

/** A subscription of the incarnation as its users name it. */
export function subscriptionRef({ kind, name }: Topic, subscription: string): SubscriptionRef {
  return kind === 'queue' ? { kind, name } : { kind, name, subscription };
}

export function notFound(kind: 'queue' | 'topic' | 'subscription', name: string): BrokerError {
  return new BrokerError('not-found', `There is no ${kind} called '${name}'.`);
}
