/** Lists of queues that the gateway has never used: how much is asked of the ensemble, and how much of it at once. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Engine, EngineCluster, plainQueue, staying } from '../../../support/engine-fixture.ts';

const QUEUES = 300;
const names = Array.from({ length: QUEUES }, (_, index) => `queue-${String(index).padStart(3, '0')}`);

let cluster: EngineCluster;

beforeEach(async () => {
  cluster = new EngineCluster();
  const { broker } = await cluster.start();
  for (const name of names) await broker.put({ kind: 'queue', name }, plainQueue, {}, staying());
});
afterEach(() => cluster.close());

/** An engine that has used none of them, whose reads are counted. */
async function stranger(): Promise<Engine & { readonly mostAtOnce: () => number }> {
  let reading = 0;
  let most = 0;
  const engine = await cluster.start({
    wrap: (store) => {
      const read = store.read.bind(store);
      store.read = async (...parameters) => {
        reading += 1;
        most = Math.max(most, reading);
        return read(...parameters).finally(() => {
          reading -= 1;
        });
      };
      return store;
    },
  });
  return { ...engine, mostAtOnce: () => most };
}

const list = ({ broker }: Engine, limit: number) => broker.list('queue', { limit }, staying());

it('shares barriers among many queues, and reads a bounded number of nodes at once', async () => {
  const engine = await stranger();
  const { writes } = engine.store.counters;
  const page = await list(engine, 1000);
  expect(page.items.map(({ name }) => name)).toEqual(names);
  // Each barrier is a write that every server syncs to its disk: of 300 queues one by one it would take seconds.
  expect(engine.store.counters.writes - writes).toBeLessThan(QUEUES / 10);
  expect(engine.mostAtOnce()).toBeLessThan(QUEUES / 2);
});

it('fills its pages though some queues go while they are described', async () => {
  const engine = await stranger();
  const [gone = '', ...others] = names;
  let isGone = false;
  engine.plan((request) => {
    if (!isGone && request.path === `/topics/${gone}`) {
      isGone = true;
      cluster.ensemble.apply([{ kind: 'delete', path: `/topics/${gone}`, version: -1 }]);
    }
    return 'none';
  });
  const { items, nextCursor } = await list(engine, 10);
  expect(items.map(({ name }) => name)).toEqual(others.slice(0, 10));
  expect(nextCursor).toBeDefined();
});
