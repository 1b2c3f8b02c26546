/** What another release has stored: known, or left alone. */
import { afterEach, expect, it } from 'vitest';
import { defaultsOf } from '../../../../src/queue/model/config.ts';
import type { QueueConfig, SubscriptionConfig, TopicConfig } from '../../../../src/queue/model/options.ts';
import { dataPath, segmentPath, subscriptionPath } from '../../../../src/queue/zookeeper/paths.ts';
import type { Store } from '../../../../src/queue/zookeeper/store.ts';
import {
  createQueue,
  EngineCluster,
  jobs,
  plainQueue,
  publish,
  receive,
  staying,
} from '../../../support/engine-fixture.ts';
import { set } from '../../../support/write-builders.ts';

const clusters: EngineCluster[] = [];
afterEach(() => Promise.all(clusters.splice(0).map((cluster) => cluster.close())));

function newCluster(): EngineCluster {
  const cluster = new EngineCluster();
  clusters.push(cluster);
  return cluster;
}

it('an entry whose format a gateway does not know is neither given out nor passed over', async () => {
  const cluster = newCluster();
  const { broker, store } = await cluster.start();
  await createQueue(broker);
  await publish(broker, 'known');
  const [id = ''] = (await store.list('/data'))?.children ?? [];
  const data = Buffer.from([0x93, 2, 0, 0x90]);
  const path = `${segmentPath(id, 0, 0)}/1.5.other-`;
  await store.commit([{ kind: 'create', path, data, sequential: true }]);
  expect(await receive(broker)).toHaveLength(1);
  await expect(receive(broker)).rejects.toThrow('unknown format 2');
  const { stats } = await broker.get(jobs, staying());
  expect(stats.ready).toBe(1);
});

const plainTopic = defaultsOf('topic') as TopicConfig;
const plainSubscription = defaultsOf('subscription') as SubscriptionConfig;
const LATER = { colour: 'red' };

/** Adds to a stored record what a later version might have put there: a field, and an option of its configuration. */
async function addLaterFields(store: Store, path: string): Promise<void> {
  const { data } = await found(store, path);
  const record = JSON.parse(data.toString());
  const later = { ...record, shade: 'dark', config: { ...record.config, ...LATER } };
  await store.commit([set(path, JSON.stringify(later), -1)]);
}

async function found(store: Store, path: string) {
  const node = await store.read(path);
  if (node === undefined) throw new Error(`there is no ${path}`);
  return node;
}

async function storedRecord(store: Store, path: string) {
  return JSON.parse((await found(store, path)).data.toString());
}

const news = { kind: 'topic', name: 'news' } as const;
const readers = { kind: 'subscription', topic: 'news', name: 'readers' } as const;

it.each([jobs, news])(
  'what a later version stored with a $kind outlives a change, and is not shown',
  async (ref) => {
    const cluster = newCluster();
    const { broker, store } = await cluster.start();
    const config = (ref.kind === 'queue' ? plainQueue : plainTopic) as QueueConfig;
    await broker.put(ref, config, {}, staying());
    const [id = ''] = (await store.list('/data'))?.children ?? [];
    await addLaterFields(store, dataPath(id));

    const second = await cluster.start();
    const shown = await second.broker.update(ref, (now) => ({ ...now, priorities: 2 }), {}, staying());
    expect(shown.config).toEqual({ ...config, priorities: 2 });
    const changed = { shade: 'dark', config: { ...config, ...LATER, priorities: 2 } };
    expect(await storedRecord(store, dataPath(id))).toMatchObject(changed);

    await second.broker.put(ref, config, {}, staying());
    const replaced = await storedRecord(store, dataPath(id));
    expect(replaced).toMatchObject({ shade: 'dark' });
    expect(replaced.config).toEqual(config);
  },
);

it('what a later version stored with a subscription outlives a change, a purge and a seek', async () => {
  const cluster = newCluster();
  const { broker, store } = await cluster.start();
  const call = staying();
  await broker.put(news, plainTopic, {}, call);
  await broker.put(readers, plainSubscription, {}, call);
  const [id = ''] = (await store.list('/data'))?.children ?? [];
  const path = subscriptionPath(id, readers.name);
  await addLaterFields(store, path);

  const second = (await cluster.start()).broker;
  const source = { kind: 'topic', name: 'news', subscription: 'readers' } as const;
  const shown = await second.update(readers, (now) => ({ ...now, leaseSeconds: 5 }), {}, call);
  expect(shown.config).toEqual({ ...plainSubscription, leaseSeconds: 5 });
  await second.purge(source, call);
  await second.seek(source, { kind: 'earliest' }, call);
  const changed = { shade: 'dark', config: { ...plainSubscription, ...LATER, leaseSeconds: 5 } };
  expect(await storedRecord(store, path)).toMatchObject(changed);

  await second.put(readers, plainSubscription, {}, call);
  const replaced = await storedRecord(store, path);
  expect(replaced).toMatchObject({ shade: 'dark' });
  expect(replaced.config).toEqual(plainSubscription);
});
