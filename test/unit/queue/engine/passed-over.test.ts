/** What a group's order has passed over, between segments that are trimmed, is counted and shown all the same. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Broker } from '../../../../src/queue/index.ts';
import { EngineCluster, plainQueue, staying, textMessage, until } from '../../../support/engine-fixture.ts';

const WORK = { kind: 'queue', name: 'work' } as const;
let cluster: EngineCluster;
let broker: Broker;

beforeEach(async () => {
  cluster = new EngineCluster();
  ({ broker } = await cluster.start({ segmentLimits: { entries: 1, messages: 100, bytes: 100_000 } }));
});
afterEach(() => cluster.close());

it('peek and statistics find it', async () => {
  await broker.put(WORK, { ...plainQueue, ordering: 'group' }, {}, staying());
  for (const text of ['a1', 'b1', 'a2', 'b2', 'b3'])
    await broker.publish(WORK, [{ ...textMessage(text), group: text.slice(0, 1) }], staying());
  const receive = async () => {
    const request = { max: 1, waitSeconds: 0, autoAck: false };
    const { messages } = await broker.receive(WORK, request, staying());
    return messages.map(({ receipt }) => receipt);
  };
  // While a1 is held, those of the other group are taken from behind a2, and their segments go.
  await receive();
  for (let count = 0; count < 3; count += 1)
    await broker.settle(WORK, { kind: 'ack' }, await receive(), staying());
  const isTrimmed = (path: string) => cluster.ensemble.data(path)?.includes('trimmed') === true;
  await until(() => cluster.ensemble.paths.filter(isTrimmed).length === 3, 'three segments are trimmed');
  const { items } = await broker.peek(WORK, { limit: 10 }, staying());
  expect(items.map(({ body }) => `${body}`)).toEqual(['a1', 'a2']);
  expect((await broker.get(WORK, staying())).stats).toMatchObject({ messages: 2, ready: 1, leased: 1 });
});
