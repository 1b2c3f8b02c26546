/**
 * Moving messages to where a limit holds. Whoever counts has the sources of dead letters bury their dead first, and
 * one of these may be the very subscription that the messages are taken from.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Broker, QueueConfig } from '../../../../src/queue/index.ts';
import {
  type Engine,
  EngineCluster,
  plainQueue,
  staying,
  textMessage,
} from '../../../support/engine-fixture.ts';

let cluster: EngineCluster;
let one: Engine;

beforeEach(async () => {
  cluster = new EngineCluster();
  one = await cluster.start({ requestTimeoutMs: 5_000 });
});
afterEach(() => cluster.close());

const queue = (name: string) => ({ kind: 'queue', name }) as const;
const make = (name: string, config: Partial<QueueConfig> = {}) =>
  one.broker.put(queue(name), { ...plainQueue, ...config }, {}, staying());
const publish = (name: string, ...texts: string[]) =>
  one.broker.publish(
    queue(name),
    texts.map((text) => textMessage(text)),
    staying(),
  );
const receive = async (broker: Broker, name: string, max = 1, leaseSeconds = 60) =>
  (await broker.receive(queue(name), { max, leaseSeconds, waitSeconds: 0, autoAck: false }, staying()))
    .messages;
const receiptOf = async (name: string, leaseSeconds = 10) =>
  (await receive(one.broker, name, 1, leaseSeconds))[0]?.receipt ?? '';
const bodies = async (name: string) =>
  (await receive(one.broker, name, 100)).map(({ body }) => `${body}`).sort();

/** Acks one message here, and publishes another there. */
const transact = (broker: Broker, from: string, receipt: string, to: string, text: string) =>
  broker.transact(
    {
      acks: [{ source: queue(from), receipts: [receipt] }],
      publishes: [{ target: queue(to), messages: [textMessage(text)] }],
    },
    staying(),
  );

describe('a transaction', () => {
  it('acks from a queue and publishes to its limited dead-letter queue', async () => {
    await make('dead', { maxMessages: 100 });
    await make('work', { deadLetterQueue: 'dead', maxDeliveries: 3 });
    await publish('work', 'a', 'b');
    await transact(one.broker, 'work', await receiptOf('work'), 'dead', 'of a');
    expect(await bodies('dead')).toEqual(['of a']);
    expect(await bodies('work')).toEqual(['b']);
  });

  it('counts what has died in the queue it acks from', async () => {
    await make('dead', { maxMessages: 1 });
    await make('work', { deadLetterQueue: 'dead', maxDeliveries: 1 });
    await publish('work', 'dies', 'b');
    await receiptOf('work');
    const receipt = await receiptOf('work', 60);
    cluster.advance(11_000);
    await expect(transact(one.broker, 'work', receipt, 'dead', 'too many')).rejects.toMatchObject({
      code: 'queue-full',
    });
    expect(await bodies('dead')).toEqual(['dies']);
  });

  it('acks from a limited queue and publishes to it, where others have died', async () => {
    await make('work', { maxMessages: 100, maxDeliveries: 1 });
    await publish('work', 'dies', 'a');
    await receiptOf('work');
    const receipt = await receiptOf('work', 60);
    cluster.advance(11_000);
    await transact(one.broker, 'work', receipt, 'work', 'of a');
    expect(await bodies('work')).toEqual(['of a']);
  });

  it('crosses with another one that asks for what the first one has, and neither waits for the other', async () => {
    const two = await cluster.start({ requestTimeoutMs: 5_000 });
    for (const name of ['left', 'right']) {
      await make(`dead-${name}`, { maxMessages: 1_000 });
      await make(name, { deadLetterQueue: `dead-${name}`, maxDeliveries: 3 });
      await publish(name, ...Array.from({ length: 20 }, (_, index) => `${index}`));
    }
    const left = await receive(one.broker, 'left', 20);
    const right = await receive(one.broker, 'right', 20);
    await Promise.all(
      left.flatMap(({ receipt }, index) => {
        const { broker } = index % 2 === 0 ? one : two;
        return [
          transact(broker, 'left', receipt, 'dead-right', `left ${index}`),
          transact(broker, 'right', right[index]?.receipt ?? '', 'dead-left', `right ${index}`),
        ];
      }),
    );
    expect(await bodies('dead-right')).toHaveLength(20);
    expect(await bodies('dead-left')).toHaveLength(20);
    for (const name of ['left', 'right'])
      expect((await one.broker.get(queue(name), staying())).stats.messages).toBe(0);
  });
});

describe('a redrive', () => {
  it('goes back to a limited queue whose own dead come here, and to which ours go', async () => {
    await make('dead');
    await make('work', { deadLetterQueue: 'dead', maxMessages: 100 });
    await make('dead', { deadLetterQueue: 'work' });
    await publish('work', 'a');
    await one.broker.settle(queue('work'), { kind: 'reject' }, [await receiptOf('work')], staying());
    expect(await one.broker.redrive('dead', {}, staying())).toBe(1);
    expect(await bodies('work')).toEqual(['a']);
  });

  it('goes round between limited queues, from both sides at once', async () => {
    await make('left', { maxMessages: 100 });
    await make('right', { deadLetterQueue: 'left', maxMessages: 100 });
    await make('left', { deadLetterQueue: 'right', maxMessages: 100 });
    for (const name of ['left', 'right']) await publish(name, name);
    const receipts = [await receiptOf('left'), await receiptOf('right')];
    for (const [index, name] of ['left', 'right'].entries())
      await one.broker.settle(queue(name), { kind: 'reject' }, [receipts[index] ?? ''], staying());
    const moved = await Promise.all(['left', 'right'].map((name) => one.broker.redrive(name, {}, staying())));
    expect(moved).toEqual([1, 1]);
    for (const name of ['left', 'right']) expect(await bodies(name)).toEqual([name]);
  });

  it('moves nothing to a queue that is full', async () => {
    await make('dead');
    await make('work', { deadLetterQueue: 'dead', maxMessages: 2 });
    await publish('work', 'a', 'b');
    await one.broker.settle(queue('work'), { kind: 'reject' }, [await receiptOf('work')], staying());
    await publish('work', 'c');
    await expect(one.broker.redrive('dead', {}, staying())).rejects.toMatchObject({ code: 'queue-full' });
    expect(await bodies('dead')).toEqual(['a']);
  });
});
