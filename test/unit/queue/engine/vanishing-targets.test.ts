/** What a message moves to may be deleted just as it moves. Who asked for something else is not told of that. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Store } from '../../../../src/queue/zookeeper/store.ts';
import {
  ack,
  createQueue,
  type Engine,
  EngineCluster,
  plainQueue,
  publish,
  receive,
  settle,
  staying,
  until,
} from '../../../support/engine-fixture.ts';
import type { MemoryStore } from '../../../support/memory-store.ts';

const dead = { kind: 'queue', name: 'dead' } as const;

let cluster: EngineCluster;
let one: Engine;
/** What comes before a gateway that knows nothing yet first looks at the log of a queue. */
let before: { readonly queue: string; act(): Promise<void> } | undefined;

function interrupted(store: MemoryStore): Store {
  const looked = async (path: string) => {
    const now = before;
    if (now === undefined || !path.startsWith(`/data/${ids.get(now.queue)}/log/0`)) return;
    before = undefined;
    await now.act();
  };
  return new Proxy<Store>(store, {
    get: (_, key) => {
      if (key === 'stat') {
        const stat: Store['stat'] = async (path, options) => {
          await looked(path);
          return store.stat(path, options);
        };
        return stat;
      }
      const value: unknown = Reflect.get(store, key, store);
      return typeof value === 'function' ? value.bind(store) : value;
    },
  });
}

const ids = new Map<string, string>();

/** Deletes a queue, and waits until nothing is left of it. */
async function remove(name: string): Promise<void> {
  await one.broker.delete({ kind: 'queue', name }, {}, staying());
  const path = `/data/${ids.get(name)}`;
  await until(() => !cluster.ensemble.paths.includes(path), 'it is removed');
}

beforeEach(async () => {
  cluster = new EngineCluster();
  before = undefined;
  one = await cluster.start();
  await one.broker.put(dead, plainQueue, {}, staying());
  await createQueue(one.broker, { deadLetterQueue: 'dead' });
  for (const name of ['dead', 'jobs']) {
    const node = await one.store.read(`/topics/${name}`);
    ids.set(name, (JSON.parse(String(node?.data)) as { id: string }).id);
  }
  await publish(one.broker, 'x');
});
afterEach(() => cluster.close());

it('a message dies in its queue though the dead-letter queue is taken away at that moment', async () => {
  const [message] = await receive(one.broker);
  const { broker } = await cluster.start({ wrap: interrupted });
  before = {
    queue: 'dead',
    act: async () => {
      await createQueue(one.broker);
      await remove('dead');
    },
  };
  expect(await settle(broker, { kind: 'reject' }, message?.receipt ?? '')).toEqual(['ok']);
  expect(before).toBeUndefined();
  expect(await receive(broker)).toEqual([]);
  expect(await ack(broker, message?.receipt ?? '')).toEqual(['lost']);
});

it('a dead letter stays though its origin is deleted as it is redriven', async () => {
  const [message] = await receive(one.broker);
  await settle(one.broker, { kind: 'reject' }, message?.receipt ?? '');
  const { broker } = await cluster.start({ wrap: interrupted });
  before = { queue: 'jobs', act: () => remove('jobs') };
  expect(await broker.redrive('dead', {}, staying())).toBe(0);
  expect(before).toBeUndefined();
  const { messages } = await broker.receive(dead, { max: 1, waitSeconds: 0, autoAck: false }, staying());
  expect(messages.map(({ body }) => body.toString())).toEqual(['x']);
});

it('a named target of a redrive that is deleted at that moment is told', async () => {
  const [message] = await receive(one.broker);
  await settle(one.broker, { kind: 'reject' }, message?.receipt ?? '');
  const { broker } = await cluster.start({ wrap: interrupted });
  before = { queue: 'jobs', act: () => remove('jobs') };
  await expect(broker.redrive('dead', { to: 'jobs' }, staying())).rejects.toMatchObject({
    code: 'not-found',
  });
});
