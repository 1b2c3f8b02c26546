/** What several claims lack is read at the same time: over a slow link each time that somebody waits for it counts. */
import { afterEach, expect, it } from 'vitest';
import type { Store } from '../../../../src/queue/zookeeper/store.ts';
import { createQueue, EngineCluster, publish, receive } from '../../../support/engine-fixture.ts';
import type { MemoryStore } from '../../../support/memory-store.ts';

const cluster = new EngineCluster();
afterEach(() => cluster.close());

/** Shows how many entries were being read at the same time at most. */
function readsAtOnce(): { readonly wrap: (store: MemoryStore) => Store; readonly most: () => number } {
  let [now, most] = [0, 0];
  const reading =
    (store: MemoryStore): Store['read'] =>
    async (path, options) => {
      const isEntry = /\/log\/0\/\d+\/[^/]+$/.test(path);
      if (isEntry) now += 1;
      most = Math.max(most, now);
      try {
        return await store.read(path, options);
      } finally {
        if (isEntry) now -= 1;
      }
    };
  const wrap = (store: MemoryStore) =>
    new Proxy<Store>(store, {
      get: (_, name) => {
        if (name === 'read') return reading(store);
        const value = Reflect.get(store, name, store);
        return typeof value === 'function' ? value.bind(store) : value;
      },
    });
  return { wrap, most: () => most };
}

it('claims that wait together read their messages together, published elsewhere', async () => {
  const { broker } = await cluster.start();
  await createQueue(broker);
  const texts = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (const text of texts) await publish(broker, text);
  const reads = readsAtOnce();
  const other = await cluster.start({ wrap: reads.wrap });
  const received = await Promise.all(texts.map(() => receive(other.broker)));
  expect(received.flat().map(({ body }) => body.toString())).toEqual(texts);
  expect(reads.most()).toBe(texts.length);
});
