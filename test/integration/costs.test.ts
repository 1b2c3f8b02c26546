/** What one request costs in ZooKeeper's terms when nothing else is going on: counted on the wire, not timed. */
import { expect, test } from 'vitest';
import { useGateways } from '../support/gateway-cluster.ts';
import { OperationCounter } from '../support/operation-counter.ts';
import { answerOf, type QueueClient } from '../support/queue-client.ts';

const cluster = useGateways();

async function start(): Promise<{ queue: QueueClient; counter: OperationCounter }> {
  const proxy = await cluster.startProxy();
  const gateways = await cluster.start(1, { address: proxy.address });
  const [queue] = await cluster.createQueue(gateways);
  if (queue === undefined) throw new Error('a gateway was asked for');
  // The first of each makes what all others find: a segment and a page.
  answerOf(await queue.publish('first'));
  answerOf(await queue.receive({ autoAck: true }));
  return { queue, counter: new OperationCounter(proxy) };
}

test('a publish, a receive, an ack, and a receive that acks are one ZooKeeper write each', async () => {
  const { queue, counter } = await start();
  const receipts: string[] = [];
  const receive = async (ack?: string[]) => {
    const answer = answerOf(await queue.receive(ack === undefined ? {} : { ack }));
    expect(answer.messages).toHaveLength(1);
    receipts.push(...answer.messages.map(({ receipt }) => receipt));
  };
  for (const body of ['a', 'b', 'c']) {
    expect(await counter.during(async () => answerOf(await queue.publish(body)))).toMatchObject({
      writes: 1,
    });
  }
  expect(await counter.during(() => receive())).toMatchObject({ writes: 1 });
  expect(await counter.during(async () => answerOf(await queue.settle('ack', receipts)))).toMatchObject({
    writes: 1,
  });
  expect(await counter.during(() => receive())).toMatchObject({ writes: 1 });
  expect(await counter.during(() => receive(receipts.slice(-1)))).toMatchObject({ writes: 1 });
  expect(await queue.stats()).toMatchObject({ messages: 1, leased: 1 });
});

test('64 concurrent publishes share far fewer writes', async () => {
  const { queue, counter } = await start();
  const { writes } = await counter.during(async () => {
    const publishing = Array.from({ length: 64 }, (_, number) => queue.publish(`${number}`));
    for (const ending of await Promise.all(publishing)) answerOf(ending);
  });
  console.log(`64 concurrent publishes: ${writes} writes`);
  expect(writes).toBeLessThan(32);
  expect((await queue.stats()).ready).toBe(64);
});
