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
import { linkWrites } from './dead-letter-links.ts';
import type { Engine } from './engine.ts';
import type { OpenTopic } from './open-topic.ts';

/** A subscription's record with the version it was read at. */
export interface StatedRecord {
  readonly record: SubscriptionRecord;
  readonly version: number;
}

const REVISION_CHARACTERS = 16;

/** Creates the subscription, or replaces its configuration. Throws BrokerError. */
export async function putSubscription(
  engine: Engine,
  { topic }: OpenTopic,
  name: string,
  config: SubscriptionConfig,
  precondition: Precondition,
): Promise<{ created: boolean }> {
  return attemptUntilDone(engine.runtime, async (signal) => {
    const known = await read(engine, topic, name, signal);
    if (known === undefined) {
      assertCreatable('subscription', name, precondition);
      return (await create(engine, topic, name, config, signal)) ? { created: true } : AGAIN;
    }
    assertChangeable('subscription', name, known.record.revision, precondition);
    const next = withConfig(known.record, config);
    return (await replace(engine, topic, name, known, next, signal)) ? { created: false } : AGAIN;
  });
}

/** Replaces the configuration by `change(current)`. Throws BrokerError, or what `change` throws. */
export async function updateSubscription(
  engine: Engine,
  { topic }: OpenTopic,
  name: string,
  change: (current: SubscriptionConfig) => SubscriptionConfig,
  precondition: Precondition,
): Promise<void> {
  await attemptUntilDone(engine.runtime, async (signal) => {
    const known = await existing(engine, topic, name, signal);
    assertChangeable('subscription', name, known.record.revision, precondition);
    const next = { ...known.record, config: change(known.record.config as SubscriptionConfig) };
    return (await replace(engine, topic, name, known, next, signal)) ? undefined : AGAIN;
  });
}

/** Throws BrokerError. */
export async function deleteSubscription(
  engine: Engine,
  open: OpenTopic,
  name: string,
  precondition: Precondition,
): Promise<void> {
  const { topic } = open;
  const { generation } = await attemptUntilDone(engine.runtime, async (signal) => {
    const { record, version } = await existing(engine, topic, name, signal);
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
      ...(await linksOf(engine, topic, name, record.config?.deadLetterQueue, undefined, signal)),
    ];
    const didApply = async () =>
      (await engine.runtime.store.stat(trashedCursorPath(topic.id, cursorName(name, record.generation)))) !==
        undefined || (await engine.runtime.store.stat(subscriptionPath(topic.id, name))) === undefined;
    return (await commit(engine, topic, writes, didApply, signal)) ? record : AGAIN;
  });
  open.noteDeleted(name);
  engine.trash.removeCursor(topic.id, cursorName(name, generation));
  // What only this subscription had not finished may go now.
  for (const log of topic.logs) open.trimmer.considerUpTo(log.level, log.last - 1);
}

/**
 * The record, behind a barrier when there seems to be none: it may have gone with its topic, too. Rejects with a
 * StoreError; throws BrokerError 'not-found' for a topic that is deleted.
 */
export async function findSubscription(
  engine: Engine,
  topic: Topic,
  name: string,
): Promise<StatedRecord | undefined> {
  const { store } = engine.runtime;
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
async function create(
  engine: Engine,
  topic: Topic,
  name: string,
  config: SubscriptionConfig,
  signal: CallSignal,
): Promise<boolean> {
  const start = await readThrough(engine.runtime, signal, async () => {
    // Whatever was confirmed before now is seen, and so lies before `latest`.
    await engine.runtime.store.barrier();
    await topic.discoverLevels();
    for (const log of topic.logs) await log.refresh();
    return positionsOf(engine.runtime.store, topic, { kind: config.startFrom });
  });
  const record: SubscriptionRecord = { ...newSubscription(engine.runtime, start), config };
  const writes: Write[] = [
    topic.guard(),
    ...createVersioned(subscriptionPath(topic.id, name), encodeRecord(record)),
    ...subscriptionSetChange(topic),
    ...createVersioned(cursorPath(topic.id, name, record.generation)),
    ...(await linksOf(engine, topic, name, undefined, config.deadLetterQueue, signal)),
  ];
  const didApply = async () =>
    (await engine.runtime.store.stat(cursorPath(topic.id, name, record.generation))) !== undefined;
  return commit(engine, topic, writes, didApply, signal);
}

async function replace(
  engine: Engine,
  topic: Topic,
  name: string,
  { record, version }: StatedRecord,
  changed: SubscriptionRecord,
  signal: CallSignal,
): Promise<boolean> {
  const revision = engine.runtime.random.token(REVISION_CHARACTERS);
  const next: SubscriptionRecord = {
    ...changed,
    revision,
    updatedAtMs: Math.round(engine.runtime.store.now()),
  };
  const path = subscriptionPath(topic.id, name);
  const writes: Write[] = [
    topic.guard(),
    { kind: 'set', path, data: encodeRecord(next), version },
    { kind: 'check', path: cursorPath(topic.id, name, record.generation), version: LIVE_CURSOR_VERSION },
    ...(await linksOf(
      engine,
      topic,
      name,
      record.config?.deadLetterQueue,
      changed.config?.deadLetterQueue,
      signal,
    )),
  ];
  const didApply = async () => {
    const node = await engine.runtime.store.read(path);
    return node !== undefined && decodeRecord<SubscriptionRecord>(node.data).revision === revision;
  };
  return commit(engine, topic, writes, didApply, signal);
}

async function commit(
  engine: Engine,
  topic: Topic,
  writes: readonly Write[],
  didApply: () => Promise<boolean>,
  signal: CallSignal,
): Promise<boolean> {
  const committed = await commitAndLearn(engine.runtime, writes, didApply, signal);
  if (committed.outcome === 'conflict' && committed.index === 0) {
    await readThrough(engine.runtime, signal, () => topic.refresh());
    topic.assertLive();
  }
  return committed.outcome === 'applied';
}

function linksOf(
  engine: Engine,
  topic: Topic,
  subscription: string,
  before: string | undefined,
  after: string | undefined,
  signal: CallSignal,
): Promise<Write[]> {
  const source = { id: topic.id, subscription };
  return readThrough(engine.runtime, signal, () => linkWrites(engine, source, before, after));
}

function read(
  engine: Engine,
  topic: Topic,
  name: string,
  signal: CallSignal,
): Promise<StatedRecord | undefined> {
  return readThrough(engine.runtime, signal, () => findSubscription(engine, topic, name));
}

async function existing(
  engine: Engine,
  topic: Topic,
  name: string,
  signal: CallSignal,
): Promise<StatedRecord> {
  const known = await read(engine, topic, name, signal);
  if (known === undefined) throw notFound('subscription', name);
  return known;
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
