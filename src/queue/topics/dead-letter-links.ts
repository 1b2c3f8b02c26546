/**
 * The links from dead-letter queues back to the subscriptions whose dead letters they take. They are written with the
 * configuration that makes them, so that a dead-letter queue always knows its sources, and can't be deleted while it
 * has any: its deletion deletes their parent, which must be empty.
 */
import { BrokerError } from '../model/errors.ts';
import { decodeRecord, type TopicRecord } from '../model/records.ts';
import { dataPath, parseSourceName, sourcePath, sourcesPath } from '../zookeeper/paths.ts';
import { ANY_VERSION, type Write } from '../zookeeper/store.ts';
import type { Engine } from './engine.ts';

/** A subscription as the source of dead letters. */
export interface DeadLetterSource {
  readonly id: string;
  readonly subscription: string;
}

/**
 * The writes that lead a source's dead letters from one queue to another (undefined: none).
 * Rejects with a StoreError; throws 'conflict' when there is no such queue, 'validation' when it is the source.
 */
export async function linkWrites(
  engine: Engine,
  source: DeadLetterSource,
  before: string | undefined,
  after: string | undefined,
): Promise<Write[]> {
  if (before === after) return [];
  const writes: Write[] = [];
  if (after !== undefined) {
    const id = await queueId(engine, after);
    if (id === undefined)
      throw new BrokerError('conflict', `The dead-letter queue '${after}' does not exist. Create it first.`);
    if (id === source.id) throw new BrokerError('validation', 'A queue cannot be its own dead-letter queue.');
    writes.push({
      kind: 'create',
      path: sourcePath(id, source.id, source.subscription),
      data: Buffer.alloc(0),
    });
  }
  const old = before === undefined ? undefined : await queueId(engine, before);
  if (old !== undefined) {
    const path = sourcePath(old, source.id, source.subscription);
    if ((await engine.runtime.store.stat(path)) !== undefined)
      writes.push({ kind: 'delete', path, version: ANY_VERSION });
  }
  return writes;
}

/** Whose dead letters a queue takes, in words, the first `max` of them; and how many others. */
export async function linkedSources(
  engine: Engine,
  id: string,
  max: number,
): Promise<{ readonly named: readonly string[]; readonly others: number }> {
  const { store } = engine.runtime;
  const all = ((await store.list(sourcesPath(id)))?.children ?? []).map(parseSourceName);
  const named = await Promise.all(all.slice(0, max).map((source) => wording(engine, source)));
  return { named, others: all.length - named.length };
}

/**
 * Removes the links of what has been deleted: gateways of the version before leave one when a subscription is made as
 * its topic is deleted. Rejects with a StoreError.
 */
export async function removeDeadLinks(engine: Engine, id: string): Promise<void> {
  const { store } = engine.runtime;
  for (const name of (await store.list(sourcesPath(id)))?.children ?? []) {
    const source = parseSourceName(name);
    const node = await store.read(dataPath(source.id));
    if (node !== undefined && decodeRecord<TopicRecord>(node.data).deleted !== true) continue;
    const path = sourcePath(id, source.id, source.subscription);
    await store.commit([{ kind: 'delete', path, version: ANY_VERSION }]);
  }
}

async function wording(engine: Engine, { id, subscription }: DeadLetterSource): Promise<string> {
  const node = await engine.runtime.store.read(dataPath(id));
  if (node === undefined) return 'something that is being deleted';
  const { kind, name } = decodeRecord<TopicRecord>(node.data);
  return kind === 'queue' ? `queue '${name}'` : `subscription '${name}/${subscription}'`;
}

async function queueId(engine: Engine, name: string): Promise<string | undefined> {
  const open = await engine.directory.find(name);
  return open?.topic.mayTakeDeadLetters === true ? open.topic.id : undefined;
}
