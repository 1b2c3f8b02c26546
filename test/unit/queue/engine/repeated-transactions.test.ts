/** A repeat of a transaction is told what the first one was told, by whichever gateway it comes. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TransactionRequest } from '../../../../src/queue/index.ts';
import type { Store } from '../../../../src/queue/zookeeper/store.ts';
import {
  createQueue,
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
/** Its server is behind, as far as ids of transactions go, until there is a barrier. */
let behind: Engine;
let isBehind: boolean;
let request: TransactionRequest;

function lagging(store: MemoryStore): Store {
  return new Proxy<Store>(store, {
    get: (_, key) => {
      if (key === 'read') {
        const read: Store['read'] = async (path, options) =>
          isBehind && path.startsWith('/transactions/') ? undefined : store.read(path, options);
        return read;
      }
      if (key === 'barrier') {
        const barrier: Store['barrier'] = async (options) => {
          await store.barrier(options);
          isBehind = false;
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
  one = await cluster.start();
  behind = await cluster.start({ wrap: lagging });
  isBehind = false;
  await createQueue(one.broker);
  await one.broker.put(out, plainQueue, {}, staying());
  await publish(one.broker, 'x');
  const [message] = await receive(one.broker);
  request = {
    transactionId: 'once',
    acks: [{ source: jobs, receipts: [message?.receipt ?? ''] }],
    publishes: [{ target: out, messages: [textMessage('y')] }],
  };
});
afterEach(() => cluster.close());

/** Both gateways carry it out, one after the other. */
async function expectToldTheSame(meanwhile: () => Promise<unknown> = async () => {}): Promise<void> {
  const first = await one.broker.transact(request, staying());
  await meanwhile();
  isBehind = true;
  expect(await behind.broker.transact(request, staying())).toEqual({ ...first, duplicate: true });
}

it('although the message is acked by then', () => expectToldTheSame());

it('although its target is full by then', async () => {
  await one.broker.put(out, { ...plainQueue, maxMessages: 1 }, {}, staying());
  request = { ...request, acks: [] };
  await expectToldTheSame();
});

it('although its source is another queue by then', () =>
  expectToldTheSame(async () => {
    await one.broker.delete(jobs, {}, staying());
    await createQueue(one.broker);
  }));

it('although its source is deleted by then', () =>
  expectToldTheSame(() => one.broker.delete(jobs, {}, staying())));

it('although its target is deleted by then', () =>
  expectToldTheSame(() => one.broker.delete(out, {}, staying())));

it('and one that never was carried out is refused by both', async () => {
  await one.broker.settle(jobs, { kind: 'ack' }, request.acks[0]?.receipts ?? [], staying());
  isBehind = true;
  for (const { broker } of [one, behind])
    await expect(broker.transact(request, staying())).rejects.toMatchObject({ code: 'transaction-aborted' });
});

it('and one with receipts of a hundred segments is one', async () => {
  const narrow = await cluster.start({ segmentLimits: { entries: 1, messages: 1, bytes: 1 } });
  for (let number = 0; number < 100; number += 1) await publish(narrow.broker, `${number}`);
  const receipts: string[] = [];
  while (receipts.length < 100)
    receipts.push(...(await receive(narrow.broker, { max: 100 })).map(({ receipt }) => receipt));
  request = { ...request, acks: [{ source: jobs, receipts }] };
  const first = await narrow.broker.transact(request, staying());
  expect(await one.broker.transact(request, staying())).toEqual({ ...first, duplicate: true });
  const stats = async ({ broker }: Engine) => (await broker.get(jobs, staying())).stats;
  expect(await stats(one)).toMatchObject({ ready: 0, leased: 1 });
});
