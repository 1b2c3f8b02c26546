/** A client that goes away during a long poll takes no message with it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { type GatewayPair, useGateways } from '../support/gateway-cluster.ts';
import { answerOf, type QueueClient } from '../support/queue-client.ts';
import { opcode } from '../support/tcp-proxy.ts';
import { waitUntil } from '../support/wait-until.ts';

const cluster = useGateways('file');
let pair: GatewayPair;

beforeAll(async () => {
  // Clients come and go faster than a starved machine keeps up with; this is not about what a gateway refuses then.
  pair = await cluster.startPair({ requestTimeoutMs: 20_000, sessionTimeoutMs: 20_000 });
});

/** Longer than the tests: who gets a message within one of these leases got it because it was given back. */
const leaseSeconds = 600;

describe('a client that disconnects', () => {
  test('while it waits leaves the next message to another consumer at once', async () => {
    const [left, right] = await pair.createQueue();
    for (const gateway of [left, right]) {
      const poll = gateway.poll({ waitSeconds: 50, leaseSeconds });
      // Its answer shows that the gateway has read on, and so has the poll.
      await gateway.stats();
      poll.leave();
      expect(await poll.ending).toEqual({ kind: 'unknown' });
      answerOf(await left.publish('a'));
      const { messages } = answerOf(await right.receive({ waitSeconds: 10, autoAck: true }));
      expect(messages).toMatchObject([{ body: 'a', deliveries: 1 }]);
    }
  });

  test('at the moment of delivery has its message given back, and the delivery does not count', async () => {
    const { proxy } = pair;
    const [left, right] = await pair.createQueue();
    const poll = left.poll({ waitSeconds: 50, leaseSeconds });
    await left.stats();
    // The message is leased for the poll, and the gateway is about to learn that.
    let isLeased = false;
    proxy.onReply = ({ opcode: kind }) => {
      if (kind === opcode.multi && !isLeased) {
        isLeased = true;
        proxy.hold('toClient');
      }
      return 'forward';
    };
    answerOf(await right.publish('a'));
    await waitUntil(() => isLeased, 'the message is leased for the poll');
    expect(await right.stats()).toMatchObject({ leased: 1 });
    poll.leave();
    expect(await poll.ending).toEqual({ kind: 'unknown' });
    const next = right.receive({ waitSeconds: 10, leaseSeconds });
    proxy.release();
    expect(answerOf(await next).messages).toMatchObject([{ body: 'a', deliveries: 1 }]);
  });

  test('at any moment, among others who stay, loses no message', async () => {
    const [left, right] = await pair.createQueue();
    const received = new Set<unknown>();
    const count = 60;
    let isOver = false;
    let isRestless = true;
    const stay = async (gateway: QueueClient) => {
      while (!isOver) {
        // What was already on the wire to one who left comes again when its lease has ended.
        const { messages } = answerOf(await gateway.receive({ waitSeconds: 1, autoAck: true }));
        for (const { body } of messages) received.add(body);
      }
    };
    const comeAndGo = async (gateway: QueueClient) => {
      // Each leaves with its connection. Were it the publisher's, that would have to wait for a new one each time,
      // behind all those that come and go faster than a busy gateway accepts them.
      const client = gateway.apart();
      while (isRestless) {
        const poll = client.poll({ waitSeconds: 20, leaseSeconds: 1 });
        await sleep(Math.random() * 8);
        poll.leave();
        const ending = await poll.ending;
        if (ending.kind !== 'done') continue;
        const receipts = ending.value.messages.map(({ receipt }) => receipt);
        if (receipts.length === 0) continue;
        const outcomes = answerOf(await client.settle('ack', receipts));
        if (outcomes[0]?.outcome === 'ok') received.add(ending.value.messages[0]?.body);
      }
      client.close();
    };
    const clients = [stay(left), ...[left, right].flatMap((each) => [comeAndGo(each), comeAndGo(each)])];
    try {
      for (let number = 0; number < count; number += 1) {
        answerOf(await (number % 2 === 0 ? left : right).publish(`${number}`));
      }
      isRestless = false;
      await waitUntil(() => received.size === count, 'every message has found a consumer');
    } finally {
      isRestless = false;
      isOver = true;
      await Promise.all(clients);
    }
    expect(await right.stats()).toMatchObject({ messages: 0 });
  });
});
