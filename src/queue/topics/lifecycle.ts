/**
 * Creating, changing and deleting queues: each one commit, recognised by what it leaves behind when its answer is
 * lost, so that it may be tried again without being done twice.
 */
import type { Precondition, QueueConfig } from '../broker-types.ts';
import { BrokerError } from '../errors.ts';
import { createSegment } from '../log/log.ts';
import {
  decodeRecord,
  encodeRecord,
  type NameRecord,
  type SubscriptionRecord,
  type TopicRecord,
} from '../model/records.ts';
import type { Runtime } from '../runtime.ts';
import { deadline, readThrough, settledCommit } from '../settled-commit.ts';
import {
  cursorPath,
  dataPath,
  levelPath,
  logPath,
  QUEUE_SUBSCRIPTION,
  subscriptionPath,
  subscriptionsPath,
  topicPath,
  trashPath,
} from '../zookeeper/paths.ts';
import { ANY_VERSION, type Write } from '../zookeeper/store.ts';
import { type Directory, type OpenTopic, takenBy } from './directory.ts';
import { notFound, type Topic } from './topic.ts';
import type { Trash } from './trash.ts';

const ID_CHARACTERS = 16;
const NOTHING = Buffer.alloc(0);

export class Lifecycle {
  readonly #runtime: Runtime;
  readonly #directory: Directory;
  readonly #trash: Trash;

  constructor(runtime: Runtime, directory: Directory, trash: Trash) {
    this.#runtime = runtime;
    this.#directory = directory;
    this.#trash = trash;
  }

  /** Creates the queue, or replaces its configuration. Throws BrokerError. */
  async put(
    name: string,
    config: QueueConfig,
    precondition: Precondition,
  ): Promise<{ created: boolean; open: OpenTopic }> {
    return this.#untilDone(async (signal) => {
      const known = await readThrough(this.#runtime, signal, () => this.#directory.find(name));
      if (known === undefined) {
        assertCreatable(name, precondition);
        return (await this.#create(name, config, signal))
          ? { created: true, open: await this.#reopen(name, signal) }
          : undefined;
      }
      if (known.topic.kind !== 'queue') throw takenBy(known.topic.kind, name);
      if (precondition.ifAbsent === true)
        throw new BrokerError('precondition-failed', `The queue '${name}' exists.`);
      assertMatches(known.topic, precondition);
      const replaced = await this.#replace(known.topic, { name, config }, signal);
      return replaced ? { created: false, open: known } : undefined;
    });
  }

  /** Replaces the configuration by `change(current)`. Throws BrokerError, or what `change` throws. */
  async update(
    name: string,
    change: (current: QueueConfig) => QueueConfig,
    precondition: Precondition,
  ): Promise<OpenTopic> {
    return this.#untilDone(async (signal) => {
      const known = await readThrough(this.#runtime, signal, () => this.#directory.find(name));
      if (known?.topic.kind !== 'queue') throw notFound('queue', name);
      assertMatches(known.topic, precondition);
      const config = change(known.topic.config as QueueConfig);
      return (await this.#replace(known.topic, { name, config }, signal)) ? known : undefined;
    });
  }

  /** The name is free at once; what it stood for is removed in the background. Throws BrokerError. */
  async delete(name: string, precondition: Precondition): Promise<void> {
    await this.#untilDone(async (signal) => {
      const known = await readThrough(this.#runtime, signal, () => this.#directory.find(name));
      if (known?.topic.kind !== 'queue') throw notFound('queue', name);
      assertMatches(known.topic, precondition);
      const { topic } = known;
      const record: TopicRecord = { ...topic.record, deleted: true };
      const writes: Write[] = [
        { kind: 'set', path: dataPath(topic.id), data: encodeRecord(record), version: topic.version },
        { kind: 'delete', path: topicPath(name), version: ANY_VERSION },
        { kind: 'create', path: trashPath(topic.id), data: NOTHING },
      ];
      // The name tells nothing: others may have given it to another incarnation since.
      const didApply = async () => {
        const node = await this.#runtime.store.read(dataPath(topic.id));
        return node === undefined || decodeRecord<TopicRecord>(node.data).deleted === true;
      };
      const settled = await settledCommit(this.#runtime, writes, didApply, signal);
      await readThrough(this.#runtime, signal, () => topic.refresh());
      if (settled.outcome !== 'applied') return undefined;
      topic.watch();
      this.#directory.forget(name);
      this.#trash.remove(topic.id);
      return true;
    });
  }

  /** @returns whether it was created; else somebody was faster */
  async #create(name: string, config: QueueConfig, signal: AbortSignal): Promise<boolean> {
    const id = this.#runtime.random.token(ID_CHARACTERS);
    const nameRecord: NameRecord = { kind: 'queue', id };
    const subscription: SubscriptionRecord = { generation: 0, start: [], revision: 0 };
    const writes: Write[] = [
      { kind: 'create', path: topicPath(name), data: encodeRecord(nameRecord) },
      ...createAndSet(dataPath(id), encodeRecord({ name, config })),
      { kind: 'create', path: logPath(id), data: NOTHING },
      { kind: 'create', path: levelPath(id, 0), data: NOTHING },
      ...createSegment(id, 0, 0, { state: 'open', ordinal: 0, bytesBefore: 0 }),
      { kind: 'create', path: subscriptionsPath(id), data: NOTHING },
      ...createAndSet(subscriptionPath(id, QUEUE_SUBSCRIPTION), encodeRecord(subscription)),
      { kind: 'create', path: cursorPath(id, QUEUE_SUBSCRIPTION, 0), data: NOTHING },
    ];
    const didApply = async () => (await this.#runtime.store.stat(dataPath(id))) !== undefined;
    return (await settledCommit(this.#runtime, writes, didApply, signal)).outcome === 'applied';
  }

  /** @returns whether it was replaced; else the configuration is not what it was, and has been read again */
  async #replace(topic: Topic, record: TopicRecord, signal: AbortSignal): Promise<boolean> {
    const path = dataPath(topic.id);
    const data = encodeRecord(record);
    const versionBefore = topic.version;
    const didApply = async () => {
      const node = await this.#runtime.store.read(path);
      // Others have changed it again since: whether ours lies beneath can no longer be told.
      if (node !== undefined && node.stat.version > versionBefore + 1) return undefined;
      return node !== undefined && node.stat.version === versionBefore + 1 && node.data.equals(data);
    };
    const writes: Write[] = [{ kind: 'set', path, data, version: versionBefore }];
    const settled = await settledCommit(this.#runtime, writes, didApply, signal);
    await readThrough(this.#runtime, signal, () => topic.refresh());
    return settled.outcome === 'applied';
  }

  async #reopen(name: string, signal: AbortSignal): Promise<OpenTopic> {
    const open = await readThrough(this.#runtime, signal, () => this.#directory.find(name));
    if (open === undefined) throw notFound('queue', name);
    return open;
  }

  /** Runs the steps again whenever somebody else was faster, until the request's time is over. */
  async #untilDone<Result>(steps: (signal: AbortSignal) => Promise<Result | undefined>): Promise<Result> {
    const { signal, cancel } = deadline(this.#runtime, this.#runtime.requestTimeoutMs);
    try {
      for (;;) {
        const result = await steps(signal);
        if (result !== undefined) return result;
        if (signal.aborted)
          throw new BrokerError('unavailable', 'Others keep changing this; nothing was changed. Try again.');
      }
    } finally {
      cancel();
    }
  }
}

/** Opaque revision of a configuration. */
export function etagOf(topic: Topic): string {
  return `${topic.id}-${topic.version}`;
}

function createAndSet(path: string, data: Buffer): Write[] {
  return [
    { kind: 'create', path, data: NOTHING },
    { kind: 'set', path, data, version: ANY_VERSION },
  ];
}

function assertCreatable(name: string, precondition: Precondition): void {
  if (precondition.ifMatch !== undefined)
    throw new BrokerError('precondition-failed', `The queue '${name}' does not exist.`);
}

function assertMatches(topic: Topic, { ifMatch }: Precondition): void {
  if (ifMatch === undefined || ifMatch === '*' || ifMatch.includes(etagOf(topic))) return;
  throw new BrokerError(
    'precondition-failed',
    `The configuration of '${topic.name}' is not the one named by If-Match.`,
  );
}
