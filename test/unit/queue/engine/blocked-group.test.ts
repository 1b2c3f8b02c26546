/** A group that is blocked hides no other, and costs the others nothing, however long its backlog. */
import { expect, it } from 'vitest';
import {
  ack,
  createQueue,
  type Engine,
  EngineCluster,
  jobs,
  receive,
  staying,
  textMessage,
} from '../../../support/engine-fixture.ts';
import { costOf, type StoreCost, whenQuiet } from '../../../support/store-costs.ts';

const backlog = 50_000;
const perRequest = 1_000;

const publishTo = ({ broker }: Engine, group: string, ...texts: string[]) =>
  broker.publish(
    jobs,
    texts.map((text) => textMessage(text, { group })),
    staying(),
  );

/** Publishes one message of a group of its own and receives it. @returns what each of the two cost */
async function passOne(engine: Engine, group: string): Promise<{ publish: StoreCost; receive: StoreCost }> {
  await whenQuiet(engine);
  const published = await costOf(engine, () => publishTo(engine, group, `of ${group}`));
  const received = await costOf(engine, () => receive(engine.broker));
  expect(received.result).toMatchObject([{ group, deliveries: 1 }]);
  expect(received.result[0]?.body.toString()).toBe(`of ${group}`);
  expect(await ack(engine.broker, received.result[0]?.receipt ?? '')).toEqual(['ok']);
  return { publish: published.cost, receive: received.cost };
}

it(`with ${backlog} messages of a group behind one that is leased, those of other groups are received in as many writes as on an empty queue`, {
  timeout: 300_000,
}, async () => {
  const cluster = new EngineCluster();
  try {
    const engine = await cluster.start();
    await createQueue(engine.broker, { ordering: 'group', leaseSeconds: 3_600 });
    await passOne(engine, 'warm');
    const onEmpty = await passOne(engine, 'empty');
    expect(onEmpty).toMatchObject({ publish: { writes: 1 }, receive: { writes: 1 } });

    for (let start = 0; start < backlog; start += perRequest) {
      const texts = Array.from({ length: perRequest }, (_, index) => `${start + index}`);
      await publishTo(engine, 'blocked', ...texts);
    }
    const [blocking] = await receive(engine.broker);
    expect(blocking?.body.toString()).toBe('0');

    const first = await passOne(engine, 'first');
    expect(first.publish.writes).toBe(onEmpty.publish.writes);
    expect(first.receive.writes).toBe(onEmpty.receive.writes);
    const second = await passOne(engine, 'second');
    expect(second.publish.writes).toBe(onEmpty.publish.writes);
    expect(second.receive.writes).toBe(onEmpty.receive.writes);

    expect(await receive(engine.broker, { max: 10 })).toEqual([]);
    expect(await ack(engine.broker, blocking?.receipt ?? '')).toEqual(['ok']);
    const [next] = await receive(engine.broker);
    expect(next?.body.toString()).toBe('1');
  } finally {
    await cluster.close();
  }
});
