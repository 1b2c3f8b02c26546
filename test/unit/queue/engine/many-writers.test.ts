/** A page remembers sixteen writers. Who can no longer be told whether a commit was applied is not told that it was not. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Store } from '../../../../src/queue/zookeeper/store.ts';
import {
  createQueue,
  drained,
  type Engine,
  EngineCluster,
  jobs,
  plainQueue,
  publish,
  receive,
  staying,
  textMessage,
} from '../../../support/engine-fixture.ts';
import type { MemoryStore } from '../../../support/memory-store.ts';

const out = { kind: 'queue', name: 'out' } as const;

let cluster: EngineCluster;
let one: Engine;
/** What comes before the barrier behind which a lost answer is resolved. */
let beforeBarrier: () => Promise<void>;

function interrupted(store: MemoryStore): Store {
  return new Proxy<Store>(store, {
    get: (_, key) => {
      if (key === 'barrier') {
        const barrier: Store['barrier'] = async (options) => {
          const act = beforeBarrier;
          beforeBarrier = async () => {};
          await act();
          return store.barrier(options);
        };
        return barrier;
      }
      const value: unknown = Reflect.get(store, key, store);
      return typeof value === 'function' ? value.bind(store) : value;
    },
  });
}

/** So many other gateways write the page. */
async function othersWrite(count: number): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    const { broker, close } = await cluster.start();
    expect(await receive(broker)).toHaveLength(1);
    await close();
  }
}

let receipts: string[];

beforeEach(async () => {
  cluster = new EngineCluster();
  beforeBarrier = async () => {};
  one = await cluster.start({ wrap: interrupted });
  await createQueue(one.broker);
  await one.broker.put(out, plainQueue, {}, staying());
  await publish(one.broker, ...Array.from({ length: 40 }, (_, number) => `${number}`));
  receipts = (await receive(one.broker)).map(({ receipt }) => receipt);
});
afterEach(() => cluster.close());

/** The commit of a transaction takes effect, or does not, and no answer comes. */
async function transactWithoutAnswer(fault: 'answer-lost' | 'request-lost', isPublishing: boolean) {
  let isLost = false;
  one.plan(({ kind, writes }) => {
    const isIt = kind === 'commit' && !isLost && writes?.some(({ path }) => path.includes('/cursors/'));
    if (isIt === true) isLost = true;
    return isIt === true ? fault : 'none';
  });
  const publishes = isPublishing ? [{ target: out, messages: [textMessage('moved')] }] : [];
  return one.broker.transact({ acks: [{ source: jobs, receipts }], publishes }, staying());
}

it('an applied transaction is never called aborted, however many have written since', async () => {
  beforeBarrier = () => othersWrite(17);
  await expect(transactWithoutAnswer('answer-lost', false)).rejects.toMatchObject({
    code: 'outcome-unknown',
  });
});

it('an applied transaction that publishes is told by what it has published', async () => {
  beforeBarrier = () => othersWrite(17);
  expect((await transactWithoutAnswer('answer-lost', true)).publishes).toHaveLength(1);
  const { messages } = await one.broker.receive(out, { max: 10, waitSeconds: 0, autoAck: true }, staying());
  expect(messages).toHaveLength(1);
});

it.each([0, 3, 16])(
  'one that was lost on its way is done when %i others have written since',
  async (others) => {
    beforeBarrier = () => othersWrite(others);
    await transactWithoutAnswer('request-lost', false);
    expect(await drained(one.broker)).toHaveLength(39 - others);
  },
);
