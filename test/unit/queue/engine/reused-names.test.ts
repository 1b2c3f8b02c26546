/** A name that is deleted at one gateway may be given to the other kind at any gateway, at once. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TopicConfig } from '../../../../src/queue/index.ts';
import type { Store } from '../../../../src/queue/zookeeper/store.ts';
import {
  createQueue,
  type Engine,
  EngineCluster,
  jobs,
  plainQueue,
  staying,
} from '../../../support/engine-fixture.ts';

const { leaseSeconds, ordering, ...plainTopic } = plainQueue;
const topicConfig: TopicConfig = { ...plainTopic, retentionSeconds: 86_400 };
const jobsTopic = { kind: 'topic', name: 'jobs' } as const;

let cluster: EngineCluster;
let one: Engine;
/** None of its watches has told it anything yet. */
let late: Engine;

beforeEach(async () => {
  cluster = new EngineCluster();
  one = await cluster.start();
  late = await cluster.start({
    wrap: (store) =>
      new Proxy<Store>(store, {
        get(_, name) {
          if (name === 'read') return ((path) => store.read(path)) satisfies Store['read'];
          const member: unknown = store[name as keyof Store];
          return typeof member === 'function' ? member.bind(store) : member;
        },
      }),
  });
  await createQueue(one.broker);
  await late.broker.get(jobs, staying());
});
afterEach(() => cluster.close());

it('is free for a topic at a gateway that has not heard of the deletion', async () => {
  await one.broker.delete(jobs, {}, staying());
  const { created } = await late.broker.put(jobsTopic, topicConfig, {}, staying());
  expect(created).toBe(true);
});

it('stands for the topic that another gateway has made of it', async () => {
  await one.broker.delete(jobs, {}, staying());
  await one.broker.put(jobsTopic, topicConfig, {}, staying());
  expect(await late.broker.get(jobsTopic, staying())).toMatchObject({ name: 'jobs' });
});

it('that is still in use is refused', async () => {
  await expect(late.broker.put(jobsTopic, topicConfig, {}, staying())).rejects.toMatchObject({
    code: 'conflict',
  });
  await expect(late.broker.get(jobsTopic, staying())).rejects.toMatchObject({ code: 'not-found' });
});
