/**
 * A long queue costs what a short one does, counted in ZooKeeper's operations.
 *
 * FULL_BACKLOG=1 queues 100,000 messages instead of 20,000.
 */
import { expect, test } from 'vitest';
import { useGateways } from '../support/gateway-cluster.ts';
import { OperationCounter, type Operations } from '../support/operation-counter.ts';
import { answerOf, type QueueClient } from '../support/queue-client.ts';

const cluster = useGateways();

const { FULL_BACKLOG = '' } = process.env;
const backlog = FULL_BACKLOG === '' ? 20_000 : 100_000;
const publishers = 128;
/** Rounds that are counted: more than a segment has entries, so that rolling and trimming have their part in it. */
const rounds = 300;

/** Each message on its own: published, received, acked. */
async function costOfOne(queue: QueueClient, counter: OperationCounter): Promise<Record<string, Operations>> {
  const sums: Record<string, Operations> = {};
  const counted = async <Value>(step: string, action: () => Promise<Value>): Promise<Value> => {
    const values: Value[] = [];
    const { reads, writes } = await counter.during(async () => values.push(await action()));
    const sum = sums[step] ?? { reads: 0, writes: 0 };
    sums[step] = { reads: sum.reads + reads / rounds, writes: sum.writes + writes / rounds };
    const [value] = values;
    if (value === undefined) throw new Error(`${step} gave nothing`);
    return value;
  };
  for (let round = 0; round < rounds; round += 1) {
    answerOf(await counted('publish', () => queue.publish(`counted ${round}`)));
    const { messages } = answerOf(await counted('receive', () => queue.receive()));
    expect(messages).toHaveLength(1);
    const receipts = messages.map(({ receipt }) => receipt);
    answerOf(await counted('ack', () => queue.settle('ack', receipts)));
  }
  return sums;
}

/** One message per request, many requests at a time. */
async function fill(queue: QueueClient): Promise<Set<string>> {
  const ids = new Set<string>();
  let next = 0;
  const publisher = async () => {
    while (next < backlog) {
      next += 1;
      ids.add(answerOf(await queue.publish(`backlog ${next}`)).id);
    }
  };
  await Promise.all(Array.from({ length: publishers }, publisher));
  return ids;
}

async function drain(queue: QueueClient): Promise<string[]> {
  const ids: string[] = [];
  for (let ack: string[] = [], isEmpty = false; !isEmpty; ) {
    const { messages } = answerOf(await queue.receive({ max: 1000, ...(ack.length > 0 ? { ack } : {}) }));
    ids.push(...messages.map(({ id }) => id));
    ack = messages.map(({ receipt }) => receipt);
    isEmpty = messages.length === 0;
  }
  return ids;
}

test(`with ${backlog} messages queued, each costs what it costs on an empty queue`, {
  timeout: 240_000,
}, async () => {
  const { proxy, createQueue } = await cluster.startPair();
  const [counted, loaded] = await createQueue();
  const counter = new OperationCounter(proxy);

  answerOf(await counted.publish('first'));
  answerOf(await counted.receive({ autoAck: true }));
  const whenEmpty = await costOfOne(counted, counter);
  const fillStart = performance.now();
  const ids = await fill(loaded);
  const fillMs = performance.now() - fillStart;
  expect(ids.size).toBe(backlog);

  const statsOperations = () =>
    counter.during(async () => {
      expect(await counted.stats()).toMatchObject({ messages: backlog, ready: backlog });
    });
  // The first finds out how far the other gateway has come.
  const stats = [await statsOperations(), await statsOperations()];
  expect(stats[0]?.reads).toBeLessThanOrEqual(20);
  expect(stats[1]?.reads).toBeLessThanOrEqual(10);

  const whenFull = await costOfOne(counted, counter);
  const drainStart = performance.now();
  const drained = await drain(loaded);
  const drainMs = performance.now() - drainStart;
  expect(drained).toHaveLength(backlog);
  expect(new Set(drained).size).toBe(backlog);
  expect((await counted.stats()).messages).toBe(0);

  const perSecond = (ms: number) => Math.round((backlog / ms) * 1000);
  console.log(`backlog of ${backlog}:`, { whenEmpty, whenFull, stats });
  console.log({ publishedPerSecond: perSecond(fillMs), drainedPerSecond: perSecond(drainMs) });
  for (const step of ['publish', 'receive', 'ack']) {
    const [empty, full] = [whenEmpty[step], whenFull[step]];
    if (empty === undefined || full === undefined) throw new Error(`${step} was not counted`);
    // A few in hundreds for where the rolling and the trimming happen to fall.
    expect(full.writes, `${step} writes`).toBeLessThanOrEqual(empty.writes + 0.1);
    expect(full.reads, `${step} reads`).toBeLessThanOrEqual(empty.reads + 0.2);
  }
});
