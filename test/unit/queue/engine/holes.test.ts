/** What is trimmed behind a message that is stuck is not counted, by whoever asks. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Broker, SubscriptionConfig } from '../../../../src/queue/index.ts';
import {
  ack,
  createQueue,
  drained,
  EngineCluster,
  jobs,
  receive,
  staying,
  textMessage,
  until,
} from '../../../support/engine-fixture.ts';

const segmentLimits = { entries: 1, messages: 100, bytes: 100_000 };
const news = { kind: 'topic', name: 'news' } as const;
const config: SubscriptionConfig = { leaseSeconds: 30, ordering: 'none', startFrom: 'earliest' };

let cluster: EngineCluster;
let brokers: Broker[];
let one: Broker;

beforeEach(async () => {
  cluster = new EngineCluster();
  const engines = [await cluster.start({ segmentLimits }), await cluster.start({ segmentLimits })];
  brokers = engines.map(({ broker }) => broker);
  [one] = brokers as [Broker, Broker];
});
afterEach(() => cluster.close());

const entriesLeft = (count: number) =>
  until(
    () => cluster.ensemble.paths.filter((path) => /\/log\/0\/\d+\/\d+\./.test(path)).length === count,
    `${count} entries are left`,
  );

it('a subscription made behind it counts what it gets', async () => {
  await one.put(news, { delaySeconds: 0, priorities: 1, dedupWindowSeconds: 300 }, {}, staying());
  const make = (name: string) =>
    one.put({ kind: 'subscription', topic: 'news', name }, config, {}, staying());
  const take = async (name: string, autoAck: boolean) =>
    (await one.receive({ ...news, subscription: name }, { max: 100, waitSeconds: 0, autoAck }, staying()))
      .messages;
  const expectCounted = async (name: string, messages: number) => {
    for (const broker of brokers) {
      const subscription = await broker.get({ kind: 'subscription', topic: 'news', name }, staying());
      expect(subscription.stats).toMatchObject({ messages, bytes: messages });
      expect((await broker.get(news, staying())).stats).toMatchObject({ messages, bytes: messages });
    }
  };
  await make('early');
  for (let number = 0; number < 8; number += 1)
    await one.publish(news, [textMessage(`${number}`)], staying());
  const receipts = (await take('early', false)).map(({ receipt }) => receipt);
  const settled = receipts.filter((_, number) => number !== 0 && number !== 4);
  await one.settle({ ...news, subscription: 'early' }, { kind: 'ack' }, settled, staying());
  await entriesLeft(2);

  await make('late');
  await expectCounted('late', 2);
  await one.publish(news, [textMessage('8')], staying());
  await expectCounted('late', 3);
  expect((await take('late', true)).map(({ body }) => body.toString())).toEqual(['0', '4', '8']);
});

it('a queue counts what it has behind a blocked group', async () => {
  await createQueue(one, { ordering: 'group' });
  for (const group of ['a', 'a', 'b', 'b', 'a', 'b'])
    await one.publish(jobs, [textMessage(group, { group })], staying());
  const [blocking] = await receive(one);
  const others = (await receive(one, { max: 10 })).map(({ receipt }) => receipt);
  expect(others).toHaveLength(3);
  await ack(one, ...others);
  await entriesLeft(3);
  for (const broker of brokers)
    expect((await broker.get(jobs, staying())).stats).toMatchObject({ ready: 2, leased: 1, bytes: 3 });
  expect(await ack(one, blocking?.receipt ?? '')).toEqual(['ok']);
  for (const broker of brokers)
    expect((await broker.get(jobs, staying())).stats).toMatchObject({ ready: 2, leased: 0, bytes: 2 });
  expect(await drained(one)).toEqual(['a', 'a']);
  await entriesLeft(0);
  for (const broker of brokers) expect((await broker.get(jobs, staying())).stats.messages).toBe(0);
});

it('two gateways that trim at the same time lose nothing of it', async () => {
  await createQueue(one, { ordering: 'group' });
  await one.publish(jobs, [textMessage('stuck', { group: 'a' })], staying());
  await one.publish(jobs, [textMessage('behind', { group: 'a' })], staying());
  const [stuck] = await receive(one);
  for (let round = 0; round < 10; round += 1) {
    const took = await Promise.all(
      brokers.map(async (broker) => {
        await broker.publish(jobs, [textMessage('x')], staying());
        return receive(broker, { autoAck: true });
      }),
    );
    expect(took.flat().every(({ body }) => body.toString() === 'x')).toBe(true);
  }
  await entriesLeft(2);
  for (const broker of brokers) expect((await broker.get(jobs, staying())).stats.messages).toBe(2);
  expect(await ack(one, stuck?.receipt ?? '')).toEqual(['ok']);
  expect(await drained(one)).toEqual(['behind']);
});
