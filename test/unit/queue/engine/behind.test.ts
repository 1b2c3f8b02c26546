/** What exists is found: also by a gateway whose server is behind, or that has not been told of a deletion yet. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Broker, SubscriptionConfig } from '../../../../src/queue/index.ts';
import type { Store } from '../../../../src/queue/zookeeper/store.ts';
import { type Engine, EngineCluster, staying, textMessage, until } from '../../../support/engine-fixture.ts';
import type { MemoryStore } from '../../../support/memory-store.ts';

const events = { kind: 'topic', name: 'events' } as const;
const all = { kind: 'topic', name: 'events', subscription: 'all' } as const;
const resource = { kind: 'subscription', topic: 'events', name: 'all' } as const;
const config: SubscriptionConfig = { leaseSeconds: 30, ordering: 'none', startFrom: 'earliest' };
const topicConfig = { delaySeconds: 0, priorities: 1, dedupWindowSeconds: 300 };

let cluster: EngineCluster;
let other: Engine;
/** What goes before each reading of a record of a subscription; it may say that there is none. */
let beforeRecord: () => Promise<'there' | 'missing'>;
/** What goes before each barrier. */
let beforeBarrier: () => Promise<void> | void;
let broker: Broker;

/** A store that asks the test before it reads what stands for a subscription. */
function asking(store: MemoryStore): Store {
  return new Proxy<Store>(store, {
    get: (_, key) => {
      if (key === 'read') {
        const read: Store['read'] = async (path, options) => {
          if (/\/subscriptions\//.test(path) && (await beforeRecord()) === 'missing') return undefined;
          return store.read(path, options);
        };
        return read;
      }
      if (key === 'barrier') {
        const barrier: Store['barrier'] = async (options) => {
          await beforeBarrier();
          return store.barrier(options);
        };
        return barrier;
      }
      const value: unknown = Reflect.get(store, key, store);
      return typeof value === 'function' ? value.bind(store) : value;
    },
  });
}

beforeEach(async () => {
  cluster = new EngineCluster();
  beforeRecord = async () => 'there';
  beforeBarrier = () => {};
  other = await cluster.start();
  ({ broker } = await cluster.start({ wrap: asking }));
  await make();
  expect(await received()).toEqual(['kept']);
});
afterEach(() => cluster.close());

async function make(): Promise<void> {
  await other.broker.put(events, topicConfig, {}, staying());
  await other.broker.put(resource, config, {}, staying());
  await other.broker.publish(events, [textMessage('kept')], staying());
}

async function received(): Promise<string[]> {
  const { messages } = await broker.receive(all, { max: 10, waitSeconds: 0, autoAck: false }, staying());
  return messages.map(({ body }) => body.toString());
}

const requests: [string, () => Promise<unknown>][] = [
  ['received from', received],
  ['settled at', () => broker.settle(all, { kind: 'ack' }, ['of another'], staying())],
  ['peeked into', () => broker.peek(all, { limit: 1 }, staying())],
  ['purged', () => broker.purge(all, staying())],
  ['described', () => broker.get(resource, staying())],
  ['changed', () => broker.update(resource, (current) => current, {}, staying())],
  [
    'listed',
    async () => {
      const { items } = await broker.list('subscription', { topic: 'events', limit: 10 }, staying());
      expect(items.map(({ name }) => name)).toEqual(['all']);
    },
  ],
  [
    'replaced',
    async () => {
      expect(await broker.put(resource, config, {}, staying())).toMatchObject({ created: false });
    },
  ],
  ['deleted', () => broker.delete(resource, {}, staying())],
];

describe('a subscription of a server that has not got so far', () => {
  it.each(requests)('is found when it is %s', async (_what, act) => {
    await other.broker.delete(resource, {}, staying());
    await expect(received()).rejects.toMatchObject({ code: 'not-found' });
    await other.broker.put(resource, config, {}, staying());
    let isBehind = true;
    beforeRecord = async () => (isBehind ? 'missing' : 'there');
    beforeBarrier = () => {
      isBehind = false;
    };
    await act();
    expect(isBehind).toBe(false);
  });
});

/** Deletes the topic and makes it anew, once, until nothing is left of the first. */
function replacing(): () => Promise<void> {
  let replaced: Promise<void> | undefined;
  const replace = async () => {
    const node = cluster.ensemble.paths.find((path) => /^\/data\/\w+$/.test(path));
    expect(node).toBeDefined();
    await other.broker.delete(events, {}, staying());
    await until(() => !cluster.ensemble.paths.includes(node ?? ''), 'nothing is left of it');
    await make();
  };
  return () => {
    replaced ??= replace();
    return replaced;
  };
}

describe('a subscription whose topic was deleted and made again, which is told while it is looked for', () => {
  it.each(requests)('is found when it is %s', async (_what, act) => {
    const replace = replacing();
    let asked = 0;
    beforeRecord = async () => {
      asked += 1;
      await replace();
      return 'there';
    };
    await act();
    expect(asked).toBeGreaterThan(0);
  });
});

describe('a topic that was deleted and made again, which is told at the barrier', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['browsed', () => broker.browse('events', { limit: 10 }, staying())],
    ['streamed', () => broker.stream('events', undefined, staying())],
    ...requests,
  ])('is found when it is %s', async (_what, act) => {
    beforeBarrier = replacing();
    await act();
  });
});

describe('a queue whose deletion this gateway has not been told', () => {
  it('is found by its name', async () => {
    const jobs = { kind: 'queue', name: 'jobs' } as const;
    const queueConfig = { ...topicConfig, leaseSeconds: 30, ordering: 'none' } as const;
    const receiveOne = () => broker.receive(jobs, { max: 1, waitSeconds: 0, autoAck: true }, staying());
    await other.broker.put(jobs, queueConfig, {}, staying());
    await receiveOne();
    let isDone = false;
    beforeRecord = async () => {
      if (isDone) return 'there';
      isDone = true;
      await other.broker.delete(jobs, {}, staying());
      await other.broker.put(jobs, queueConfig, {}, staying());
      await other.broker.publish(jobs, [textMessage('new')], staying());
      return 'missing';
    };
    const { messages } = await receiveOne();
    expect(messages.map(({ body }) => body.toString())).toEqual(['new']);
  });

  it('is called by its name when there is none', async () => {
    const jobs = { kind: 'queue', name: 'jobs' } as const;
    const receiving = broker.receive(jobs, { max: 1, waitSeconds: 0, autoAck: true }, staying());
    await expect(receiving).rejects.toThrow("There is no queue called 'jobs'.");
  });
});
