/** Commits stay within a packet, whatever goes into them: what does not fit goes with the next one. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Broker, QueueConfig, ReceivedMessage } from '../../../../src/queue/index.ts';
import {
  type Engine,
  EngineCluster,
  type EngineOptions,
  plainQueue,
  quiet,
  staying,
  textMessage,
} from '../../../support/engine-fixture.ts';

let cluster: EngineCluster;

beforeEach(() => {
  cluster = new EngineCluster();
});
afterEach(() => cluster.close());

const work = { kind: 'queue', name: 'work' } as const;
const dead = { kind: 'queue', name: 'dead' } as const;
type Queue = typeof work | typeof dead;

/** The queues, at a gateway of its own. */
async function started(config: Partial<QueueConfig> = {}, options: EngineOptions = {}): Promise<Engine> {
  const engine = await cluster.start(options);
  await engine.broker.put(dead, plainQueue, {}, staying());
  await engine.broker.put(work, { ...plainQueue, deadLetterQueue: 'dead', ...config }, {}, staying());
  return engine;
}

const attributesOf = (bytes: number) => ({ filler: 'x'.repeat(bytes) });
const receive = async (broker: Broker, queue: Queue, max: number, attemptId?: string) => {
  const attempt = attemptId === undefined ? {} : { attemptId };
  const request = { max, waitSeconds: 0, autoAck: false, ...attempt };
  return (await broker.receive(queue, request, staying())).messages;
};

/** Publishes so many in several requests, each numbered in its text. */
async function publish(broker: Broker, count: number, change: Parameters<typeof textMessage>[1], size = 0) {
  const together = 50;
  for (let from = 0; from < count; from += together) {
    const numbers = Array.from({ length: Math.min(together, count - from) }, (_, index) => from + index);
    const messages = numbers.map((number) => textMessage(`${number} ${'y'.repeat(size)}`, change));
    await broker.publish(work, messages, staying());
  }
}

/** All that is there, taken and acked, as numbers. */
async function drained(broker: Broker, queue: Queue): Promise<number[]> {
  const numbers: number[] = [];
  for (;;) {
    const messages = await receive(broker, queue, 1000);
    if (messages.length === 0) return numbers.sort((a, b) => a - b);
    numbers.push(...messages.map(({ body }) => Number.parseInt(`${body}`, 10)));
    const receipts = messages.map(({ receipt }) => receipt);
    await broker.settle(queue, { kind: 'ack' }, receipts, staying());
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, number) => number);

describe('with the attributes that there may be', () => {
  it('a thousand messages that are due together are delivered', async () => {
    const { broker } = await started();
    await publish(broker, 1000, { attributes: attributesOf(733), delaySeconds: 60 }, 200);
    cluster.advance(61_000);
    expect(await drained(broker, work)).toEqual(upTo(1000));
    expect((await broker.get(work, staying())).stats).toMatchObject({ messages: 0, bytes: 0 });
  });

  it('hundreds of messages that die together are dead letters', async () => {
    const { broker } = await started({ maxDeliveries: 1 });
    await publish(broker, 300, { attributes: attributesOf(4_000) });
    expect(await receive(broker, work, 1000)).toHaveLength(300);
    cluster.advance(31_000);
    expect(await receive(broker, work, 1)).toEqual([]);
    expect(await drained(broker, dead)).toEqual(upTo(300));
  });

  it('all that are rejected at once are dead letters', async () => {
    const { broker } = await started();
    await publish(broker, 300, { attributes: attributesOf(4_000) });
    const receipts = (await receive(broker, work, 1000)).map(({ receipt }) => receipt);
    const outcomes = await broker.settle(work, { kind: 'reject' }, receipts, staying());
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['ok']));
    expect(await drained(broker, dead)).toEqual(upTo(300));
  });

  it('dead letters are redriven, each of them', async () => {
    const { broker } = await started();
    await publish(broker, 120, { attributes: attributesOf(12_000) });
    const receipts = (await receive(broker, work, 1000)).map(({ receipt }) => receipt);
    await broker.settle(work, { kind: 'reject' }, receipts, staying());
    expect(await broker.redrive('dead', {}, staying())).toBe(120);
    expect(await drained(broker, work)).toEqual(upTo(120));
    expect(await receive(broker, dead, 1)).toEqual([]);
  });
});

describe('beside a large page', () => {
  /** Leases by themselves: each is a run of its page. */
  async function leasedOneByOne(broker: Broker, count: number): Promise<ReceivedMessage[]> {
    await publish(broker, count, {});
    const received = await Promise.all(upTo(count).map(() => receive(broker, work, 1)));
    return received.flat();
  }

  it('the largest message dies, and goes back', async () => {
    const { broker } = await started({ maxDeliveries: 1 });
    await leasedOneByOne(broker, 1_000);
    const body = Buffer.alloc(900 * 1024, 'z');
    await broker.publish(work, [textMessage('', { body })], staying());
    const [large] = await receive(broker, work, 1);
    await broker.settle(work, { kind: 'reject' }, [large?.receipt ?? ''], staying());
    expect((await receive(broker, dead, 1)).map((message) => message.body.length)).toEqual([body.length]);
    cluster.advance(31_000);
    // Now all are dead, and the page that they leave is as large as it was.
    expect(await broker.redrive('dead', {}, staying())).toBe(1_001);
    expect((await broker.get(work, staying())).stats.messages).toBe(1_001);
  });

  it('the largest message is stored, and given to who waits for it', async () => {
    const engine = await started();
    const { broker } = engine;
    await leasedOneByOne(broker, 1_000);
    const waiting = broker.receive(work, { max: 1, waitSeconds: 20, autoAck: false }, staying());
    await quiet(engine);
    // More than the packet holds beside the page, but for who publishes no reason to be refused.
    const body = Buffer.alloc(988_000, 'z');
    await broker.publish(work, [textMessage('', { body })], staying());
    expect((await waiting).messages.map((message) => message.body.length)).toEqual([body.length]);
  });

  it('a transaction that does not fit is refused, and changes nothing', async () => {
    const { broker } = await started();
    const messages = await leasedOneByOne(broker, 2_000);
    const receipts = messages.map(({ receipt }) => receipt).filter((_, index) => index % 100 === 0);
    const acks = [{ source: work, receipts }];
    const publishes = [{ target: dead, messages: [textMessage('', { body: Buffer.alloc(989_000) })] }];
    const both = broker.transact({ acks, publishes }, staying());
    await expect(both).rejects.toMatchObject({ code: 'payload-too-large' });
    expect((await broker.get(work, staying())).stats.leased).toBe(2_000);
    expect(await receive(broker, dead, 1)).toEqual([]);
    await broker.transact({ acks, publishes: [] }, staying());
    expect((await broker.get(work, staying())).stats.leased).toBe(1_980);
  });
});

describe('where a commit takes less', () => {
  it('receives with an attemptId, whose records are in several shards, are all answered', async () => {
    const { broker } = await started({}, { packetBytesMax: 100_000 });
    await publish(broker, 1_600, {});
    const attempts = await Promise.all(
      upTo(160).map((index) => receive(broker, work, 10, `attempt ${index}`)),
    );
    expect(attempts.flat()).toHaveLength(1_600);
    const again = await Promise.all(upTo(160).map((index) => receive(broker, work, 10, `attempt ${index}`)));
    const receipts = (all: readonly (readonly ReceivedMessage[])[]) =>
      all.map((some) => some.map(({ receipt }) => receipt));
    expect(receipts(again)).toEqual(receipts(attempts));
  });

  it('requests that were to share one are divided, and one that does not fit alone is refused', async () => {
    const { broker } = await started({}, { packetBytesMax: 60_000 });
    const publishing = upTo(20).map((number) =>
      broker.publish(work, [textMessage(`${number}`, { attributes: attributesOf(7_000) })], staying()),
    );
    await Promise.all(publishing);
    const large = broker.publish(work, [textMessage('z'.repeat(60_000))], staying());
    await expect(large).rejects.toMatchObject({ code: 'payload-too-large' });
    expect(await drained(broker, work)).toEqual(upTo(20));
  });
});

describe('where the entries that a request is about are more than the cache holds', () => {
  it('they are given out, buried and moved back, some at a time', async () => {
    const { broker } = await started({ maxDeliveries: 1 }, { entryCacheBytesMax: 1024 * 1024 });
    await publish(broker, 120, { attributes: attributesOf(12_000) });
    const received: ReceivedMessage[] = [];
    for (
      let some = await receive(broker, work, 1000);
      some.length > 0;
      some = await receive(broker, work, 1000)
    )
      received.push(...some);
    expect(received).toHaveLength(120);
    cluster.advance(31_000);
    expect(await receive(broker, work, 1)).toEqual([]);
    expect(await broker.redrive('dead', {}, staying())).toBe(120);
    expect(await drained(broker, work)).toEqual(upTo(120));
  });
});
