/**
 * Creating, changing and deleting queues and topics: each one commit, recognised by what it leaves behind when its
 * answer is lost, so that it may be tried again without being done twice.
 */

import { commitAndLearn } from '../commit/lost-answers.ts';
import { AGAIN, attemptUntilDone } from '../commit/optimistic.ts';
import { readThrough } from '../commit/read-through.ts';
import { createVersioned } from '../commit/versioned-node.ts';
import { createSegment } from '../log/segment-writes.ts';
import { readSubscriptionSet } from '../log/subscription-set.ts';
import { notFound, type Topic } from '../log/topic.ts';
import type { CallSignal } from '../model/call-signal.ts';
import { afterwards, BrokerError } from '../model/errors.ts';
import { assertChangeable, assertCreatable } from '../model/preconditions.ts';
import {
  decodeRecord,
  encodeRecord,
  type SubscriptionRecord,
  type TopicRecord,
  withConfig,
} from '../model/records.ts';
import type { Precondition, QueueConfig, TopicConfig, TopicRef } from '../model/vocabulary.ts';
import {
  cursorPath,
  cursorsPath,
  dataPath,
  levelPath,
  logPath,
  QUEUE_SUBSCRIPTION,
  sourcesPath,
  subscriptionPath,
  subscriptionsPath,
  topicPath,
  trashPath,
} from '../zookeeper/paths.ts';
import { ANY_VERSION, isVersionBefore, versionAfter, type Write } from '../zookeeper/store.ts';
import { linkedSources, linkWrites, removeDeadLinks } from './dead-letter-links.ts';
import { takenBy } from './directory.ts';
import type { Engine } from './engine.ts';
import type { OpenTopic } from './open-topic.ts';
import { newSubscription } from './subscription-lifecycle.ts';

type Config = QueueConfig | TopicConfig;

const ID_CHARACTERS = 16;
const NOTHING = Buffer.alloc(0);

/** Creates the queue or topic, or replaces its configuration. Throws BrokerError. */
export async function putTopic(
  engine: Engine,
  ref: TopicRef,
  config: Config,
  precondition: Precondition,
): Promise<{ created: boolean; open: OpenTopic }> {
  return attemptUntilDone(engine.runtime, async (signal) => {
    const known = await find(engine, ref, signal);
    if (known === undefined) {
      assertCreatable(ref.kind, ref.name, precondition);
      if (!(await create(engine, ref, config, signal))) return AGAIN;
      const open = await afterwards(() => find(engine, ref, signal));
      return open === undefined ? AGAIN : { created: true, open };
    }
    if (known.topic.kind !== ref.kind) throw takenBy(known.topic.kind, ref.name);
    assertChangeable(ref.kind, ref.name, etagOf(known.topic), precondition);
    return (await replace(engine, known.topic, withConfig(known.topic.record, config), signal))
      ? { created: false, open: known }
      : AGAIN;
  });
}

/** Replaces the configuration by `change(current)`. Throws BrokerError, or what `change` throws. */
export async function updateTopic(
  engine: Engine,
  ref: TopicRef,
  change: (current: Config) => Config,
  precondition: Precondition,
): Promise<OpenTopic> {
  return attemptUntilDone(engine.runtime, async (signal) => {
    const known = await existing(engine, ref, signal);
    assertChangeable(ref.kind, ref.name, etagOf(known.topic), precondition);
    const record = { ...known.topic.record, config: change(known.topic.config) };
    return (await replace(engine, known.topic, record, signal)) ? known : AGAIN;
  });
}

/** The name is free at once; what it stood for is removed in the background. Throws BrokerError. */
export async function deleteTopic(engine: Engine, ref: TopicRef, precondition: Precondition): Promise<void> {
  await attemptUntilDone(engine.runtime, async (signal) => {
    const { topic } = await existing(engine, ref, signal);
    assertChangeable(ref.kind, ref.name, etagOf(topic), precondition);
    const record: TopicRecord = { ...topic.record, deleted: true };
    const sources = sourcesPath(topic.id);
    const writes: Write[] = [
      { kind: 'set', path: dataPath(topic.id), data: encodeRecord(record), version: topic.version },
      { kind: 'delete', path: topicPath(ref.name), version: ANY_VERSION },
      { kind: 'create', path: trashPath(topic.id), data: NOTHING },
      ...(topic.mayTakeDeadLetters ? [{ kind: 'delete', path: sources, version: ANY_VERSION } as const] : []),
      ...(await readThrough(engine.runtime, signal, () => unlinkAll(engine, topic))),
    ];
    // The name tells nothing: others may have given it to another incarnation since.
    const didApply = async () => {
      const node = await engine.runtime.store.read(dataPath(topic.id));
      return node === undefined || decodeRecord<TopicRecord>(node.data).deleted === true;
    };
    const committed = await commitAndLearn(engine.runtime, writes, didApply, signal);
    if (committed.outcome === 'conflict' && committed.reason === 'not-empty') {
      const look = () => linkedSources(engine, topic.id, SOURCES_NAMED_MAX);
      await readThrough(engine.runtime, signal, () => removeDeadLinks(engine, topic.id));
      const { named, others } = await readThrough(engine.runtime, signal, look);
      if (named.length > 0) throw stillWanted(ref.name, named, others);
    }
    if (committed.outcome !== 'applied') {
      await readThrough(engine.runtime, signal, () => topic.refresh());
      return AGAIN;
    }
    topic.noteDeleted();
    engine.directory.forget(ref.name);
    engine.trash.remove(topic.id);
    return undefined;
  });
}

/** @returns whether it was created; else somebody was faster */
async function create(
  engine: Engine,
  { kind, name }: TopicRef,
  config: Config,
  signal: CallSignal,
): Promise<boolean> {
  const id = engine.runtime.random.token(ID_CHARACTERS);
  const { deadLetterQueue } = config as QueueConfig;
  const source = { id, subscription: QUEUE_SUBSCRIPTION };
  const writes: Write[] = [
    { kind: 'create', path: topicPath(name), data: encodeRecord({ kind, id }) },
    ...createVersioned(dataPath(id), encodeRecord({ name, kind, config })),
    { kind: 'create', path: logPath(id), data: NOTHING },
    { kind: 'create', path: levelPath(id, 0), data: NOTHING },
    ...createSegment(id, 0, 0, { state: 'open', ordinal: 0, bytesBefore: 0 }),
    ...createVersioned(subscriptionsPath(id), NOTHING),
    { kind: 'create', path: cursorsPath(id), data: NOTHING },
    ...(kind === 'queue' ? createForQueue(engine, id) : []),
    ...(await readThrough(engine.runtime, signal, () =>
      linkWrites(engine, source, undefined, deadLetterQueue),
    )),
  ];
  const didApply = async () => (await engine.runtime.store.stat(dataPath(id))) !== undefined;
  return (await commitAndLearn(engine.runtime, writes, didApply, signal)).outcome === 'applied';
}

/** A queue has its one subscription from the start, and may come to take dead letters. */
function createForQueue(engine: Engine, id: string): Write[] {
  const record = newSubscription(engine.runtime, []);
  return [
    ...createVersioned(subscriptionPath(id, QUEUE_SUBSCRIPTION), encodeRecord(record)),
    ...createVersioned(cursorPath(id, QUEUE_SUBSCRIPTION, record.generation), NOTHING),
    { kind: 'create', path: sourcesPath(id), data: NOTHING },
  ];
}

/** @returns whether it was replaced; else the configuration is not what it was, and has been read again */
async function replace(
  engine: Engine,
  topic: Topic,
  record: TopicRecord,
  signal: CallSignal,
): Promise<boolean> {
  const path = dataPath(topic.id);
  const data = encodeRecord(record);
  const versionBefore = topic.version;
  const before = (topic.config as QueueConfig).deadLetterQueue;
  const after = (record.config as QueueConfig).deadLetterQueue;
  const source = { id: topic.id, subscription: QUEUE_SUBSCRIPTION };
  const links = await readThrough(engine.runtime, signal, () => linkWrites(engine, source, before, after));
  const didApply = async () => {
    const node = await engine.runtime.store.read(path);
    // Others have changed it again since: whether ours lies beneath can no longer be told.
    if (node !== undefined && isVersionBefore(versionAfter(versionBefore), node.stat.version))
      return undefined;
    return node !== undefined && node.stat.version === versionAfter(versionBefore) && node.data.equals(data);
  };
  const writes: Write[] = [{ kind: 'set', path, data, version: versionBefore }, ...links];
  const committed = await commitAndLearn(engine.runtime, writes, didApply, signal);
  const refresh = () => readThrough(engine.runtime, signal, () => topic.refresh());
  await (committed.outcome === 'applied' ? afterwards(refresh) : refresh());
  topic.watch();
  return committed.outcome === 'applied';
}

/** The writes that end the links from dead-letter queues to what is being deleted, and fail if that has others. */
async function unlinkAll(engine: Engine, topic: Topic): Promise<Write[]> {
  const { store } = engine.runtime;
  const { names, guards } = (await readSubscriptionSet(store, topic)) ?? { names: [], guards: [] };
  const writes = await Promise.all(
    names.map(async (name) => {
      const path = subscriptionPath(topic.id, name);
      const node = await store.read(path);
      // Deleted meanwhile, of which the set tells.
      if (node === undefined) return [];
      const { deadLetterQueue } =
        decodeRecord<SubscriptionRecord>(node.data).config ?? (topic.config as QueueConfig);
      const links = await linkWrites(
        engine,
        { id: topic.id, subscription: name },
        deadLetterQueue,
        undefined,
      );
      return [{ kind: 'check', path, version: node.stat.version } as const, ...links];
    }),
  );
  return [...guards, ...writes.flat()];
}

async function find(engine: Engine, ref: TopicRef, signal: CallSignal): Promise<OpenTopic | undefined> {
  return readThrough(engine.runtime, signal, () => engine.directory.findFor(ref));
}

async function existing(engine: Engine, ref: TopicRef, signal: CallSignal): Promise<OpenTopic> {
  const known = await find(engine, ref, signal);
  if (known?.topic.kind !== ref.kind) throw notFound(ref.kind, ref.name);
  return known;
}

/** Of those that a dead-letter queue serves, so many are named. */
const SOURCES_NAMED_MAX = 3;

function stillWanted(name: string, named: readonly string[], others: number): BrokerError {
  const whose = [...named, ...(others > 0 ? [`${others} more`] : [])].join(', ');
  return new BrokerError(
    'conflict',
    `'${name}' is the dead-letter queue of ${whose}. Take it out of that configuration first.`,
  );
}

/** Opaque revision of a configuration. */
export function etagOf(topic: Topic): string {
  return `${topic.id}-${topic.version}`;
}
