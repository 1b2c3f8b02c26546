/** Creating, changing and deleting the subscriptions of a topic: each one commit, as for queues and topics. */

import { commitAndLearn } from '../commit/lost-answers.ts';
import { AGAIN, attemptUntilDone } from '../commit/optimistic.ts';
import { readThrough } from '../commit/read-through.ts';
import { createVersioned } from '../commit/versioned-node.ts';
import { endOfCursor, positionsOf } from '../cursor/restart.ts';
import { subscriptionSetChange } from '../log/subscription-set.ts';
import { notFound, type Topic } from '../log/topic.ts';
import type { CallSignal } from '../model/call-signal.ts';
import type { LogPosition } from '../model/position.ts';
import { assertChangeable, assertCreatable } from '../model/preconditions.ts';
import {
  decodeRecord,
  encodeRecord,
  LIVE_CURSOR_VERSION,
  type SubscriptionRecord,
  withConfig,
} from '../model/records.ts';
import type { Precondition, SubscriptionConfig } from '../model/vocabulary.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { cursorName, cursorPath, subscriptionPath, trashedCursorPath } from '../zookeeper/paths.ts';
import type { Write } from '../zookeeper/store.ts';
import type { DeadLetterLinks } from './dead-letter-links.ts';
import type { OpenTopic } from './open-topic.ts';
import type { Trash } from './trash.ts';

/** A subscription's record with the version it was read at. */
export interface StatedRecord {
  readonly record: SubscriptionRecord;
  readonly version: number;
}

const REVISION_CHARACTERS = 16;

export class SubscriptionLifecycle {
  readonly #runtime: Runtime;
  readonly #links: DeadLetterLinks;
  readonly #trash: Trash;

  constructor(runtime: Runtime, links: DeadLetterLinks, trash: Trash) {
    this.#runtime = runtime;
    this.#links = links;
    this.#trash = trash;
  }

  /** Creates the subscription, or replaces its configuration. Throws BrokerError. */
  async put(
    { topic }: OpenTopic,
    name: string,
    config: SubscriptionConfig,
    precondition: Precondition,
  ): Promise<{ created: boolean }> {
    return attemptUntilDone(this.#runtime, async (signal) => {
      const known = await this.#read(topic, name, signal);
      if (known === undefined) {
        assertCreatable('subscription', name, precondition);
        return (await this.#create(topic, name, config, signal)) ? { created: true } : AGAIN;
      }
      assertChangeable('subscription', name, known.record.revision, precondition);
      const next = withConfig(known.record, config);
      return (await this.#replace(topic, name, known, next, signal)) ? { created: false } : AGAIN;
    });
  }

  /** Replaces the configuration by `change(current)`. Throws BrokerError, or what `change` throws. */
  async update(
    { topic }: OpenTopic,
    name: string,
    change: (current: SubscriptionConfig) => SubscriptionConfig,
    precondition: Precondition,
  ): Promise<void> {
    await attemptUntilDone(this.#runtime, async (signal) => {
      const known = await this.#existing(topic, name, signal);
      assertChangeable('subscription', name, known.record.revision, precondition);
      const next = { ...known.record, config: change(known.record.config as SubscriptionConfig) };
      return (await this.#replace(topic, name, known, next, signal)) ? undefined : AGAIN;
    });
  }

  /** Throws BrokerError. */
  async delete(open: OpenTopic, name: string, precondition: Precondition): Promise<void> {
    const { topic } = open;
    const { generation } = await attemptUntilDone(this.#runtime, async (signal) => {
      const { record, version } = await this.#existing(topic, name, signal);
      assertChangeable('subscription', name, record.revision, precondition);
      const writes: Write[] = [
        topic.guard(),
        { kind: 'delete', path: subscriptionPath(topic.id, name), version },
        ...subscriptionSetChange(topic),
        ...endOfCursor(topic, name, record),
        {
          kind: 'create',
          path: trashedCursorPath(topic.id, cursorName(name, record.generation)),
          data: Buffer.alloc(0),
        },
        ...(await this.#linkWrites(topic, name, record.config?.deadLetterQueue, undefined, signal)),
      ];
      const didApply = async () =>
        (await this.#runtime.store.stat(trashedCursorPath(topic.id, cursorName(name, record.generation)))) !==
          undefined || (await this.#runtime.store.stat(subscriptionPath(topic.id, name))) === undefined;
      return (await this.#commit(topic, writes, didApply, signal)) ? record : AGAIN;
    });
    open.noteDeleted(name);
    this.#trash.removeCursor(topic.id, cursorName(name, generation));
    // What only this subscription had not finished may go now.
    for (const log of topic.logs) open.trimmer.considerFrom(log.level, log.last - 1);
  }

  /**
   * The record, behind a barrier when there seems to be none: it may have gone with its topic, too. Rejects with a
   * StoreError; throws BrokerError 'not-found' for a topic that is deleted.
   */
  async find(topic: Topic, name: string): Promise<StatedRecord | undefined> {
    const { store } = this.#runtime;
    const path = subscriptionPath(topic.id, name);
    let node = await store.read(path);
    if (node === undefined) {
      await store.barrier();
      await topic.refresh();
      topic.assertLive();
      node = await store.read(path);
    }
    return node && { record: decodeRecord<SubscriptionRecord>(node.data), version: node.stat.version };
  }

  /** @returns whether it was created; else somebody was faster */
  async #create(
    topic: Topic,
    name: string,
    config: SubscriptionConfig,
    signal: CallSignal,
  ): Promise<boolean> {
    const start = await readThrough(this.#runtime, signal, async () => {
      // Whatever was confirmed before now is seen, and so lies before `latest`.
      await this.#runtime.store.barrier();
      await topic.discoverLevels();
      for (const log of topic.logs) await log.refresh();
      return positionsOf(this.#runtime.store, topic, { kind: config.startFrom });
    });
    const record: SubscriptionRecord = { ...newSubscription(this.#runtime, start), config };
    const writes: Write[] = [
      topic.guard(),
      ...createVersioned(subscriptionPath(topic.id, name), encodeRecord(record)),
      ...subscriptionSetChange(topic),
      ...createVersioned(cursorPath(topic.id, name, record.generation)),
      ...(await this.#linkWrites(topic, name, undefined, config.deadLetterQueue, signal)),
    ];
    const didApply = async () =>
      (await this.#runtime.store.stat(cursorPath(topic.id, name, record.generation))) !== undefined;
    return this.#commit(topic, writes, didApply, signal);
  }

  async #replace(
    topic: Topic,
    name: string,
    { record, version }: StatedRecord,
    changed: SubscriptionRecord,
    signal: CallSignal,
  ): Promise<boolean> {
    const revision = this.#runtime.random.token(REVISION_CHARACTERS);
    const next: SubscriptionRecord = {
      ...changed,
      revision,
      updatedAtMs: Math.round(this.#runtime.store.now()),
    };
    const path = subscriptionPath(topic.id, name);
    const writes: Write[] = [
      topic.guard(),
      { kind: 'set', path, data: encodeRecord(next), version },
      { kind: 'check', path: cursorPath(topic.id, name, record.generation), version: LIVE_CURSOR_VERSION },
      ...(await this.#linkWrites(
        topic,
        name,
        record.config?.deadLetterQueue,
        changed.config?.deadLetterQueue,
        signal,
      )),
    ];
    const didApply = async () => {
      const node = await this.#runtime.store.read(path);
      return node !== undefined && decodeRecord<SubscriptionRecord>(node.data).revision === revision;
    };
    return this.#commit(topic, writes, didApply, signal);
  }

  async #commit(
    topic: Topic,
    writes: readonly Write[],
    didApply: () => Promise<boolean>,
    signal: CallSignal,
  ): Promise<boolean> {
    const committed = await commitAndLearn(this.#runtime, writes, didApply, signal);
    if (committed.outcome === 'conflict' && committed.index === 0) {
      await readThrough(this.#runtime, signal, () => topic.refresh());
      topic.assertLive();
    }
    return committed.outcome === 'applied';
  }

  #linkWrites(
    topic: Topic,
    subscription: string,
    before: string | undefined,
    after: string | undefined,
    signal: CallSignal,
  ): Promise<Write[]> {
    const source = { id: topic.id, subscription };
    return readThrough(this.#runtime, signal, () => this.#links.writes(source, before, after));
  }

  #read(topic: Topic, name: string, signal: CallSignal): Promise<StatedRecord | undefined> {
    return readThrough(this.#runtime, signal, () => this.find(topic, name));
  }

  async #existing(topic: Topic, name: string, signal: CallSignal): Promise<StatedRecord> {
    const known = await this.#read(topic, name, signal);
    if (known === undefined) throw notFound('subscription', name);
    return known;
  }
}

/** A subscription that begins at `start`. Its generation is random, so that no cursor's path is ever used twice. */
export function newSubscription(runtime: Runtime, start: readonly LogPosition[]): SubscriptionRecord {
  const nowMs = Math.round(runtime.store.now());
  return {
    generation: Math.floor(runtime.random.fraction() * 2 ** 40),
    token: runtime.random.token(REVISION_CHARACTERS),
    start,
    revision: runtime.random.token(REVISION_CHARACTERS),
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}
