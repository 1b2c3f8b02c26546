/** Two gateways on one ensemble are one broker: no client can tell which of them answers. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type GatewayPair, useGateways } from '../support/gateway-cluster.ts';
import { violations } from '../support/history-checker.ts';
import { Load, loadLimits } from '../support/load.ts';
import { answerOf } from '../support/queue-client.ts';
import { opcode } from '../support/tcp-proxy.ts';
import { waitUntil, wakeLimitMs } from '../support/wait-until.ts';

const cluster = useGateways('file');

let pair: GatewayPair;

beforeAll(async () => {
  pair = await cluster.startPair();
});

describe('with two gateways on one ensemble', () => {
  test('a publish at one wakes a consumer that waits at the other', async () => {
    const [a, b] = await pair.createQueue();
    for (const body of ['first', 'second', 'third']) {
      const poll = b.receive({ waitSeconds: 50 });
      let isAnswered = false;
      poll.then(() => {
        isAnswered = true;
      }, expect.fail);
      // That its lookout is set cannot be seen from outside; the message must come whether it is or not.
      await waitUntil(async () => (await b.stats()).messages === 0, 'the gateway has read on');
      answerOf(await a.publish(body));
      await waitUntil(() => isAnswered, 'the consumer is woken', wakeLimitMs);
      const { messages } = answerOf(await poll);
      expect(messages.map((message) => message.body)).toEqual([body]);
      answerOf(
        await b.settle(
          'ack',
          messages.map(({ receipt }) => receipt),
        ),
      );
    }
  });

  test('what was received at one is acked, extended and given back at the other', async () => {
    const [a, b] = await pair.createQueue();
    for (const body of ['to ack', 'to extend', 'to nack']) answerOf(await a.publish(body));
    const { messages } = answerOf(await a.receive({ max: 3, leaseSeconds: 5 }));
    expect(messages.map((message) => message.body)).toEqual(['to ack', 'to extend', 'to nack']);
    const [toAck = '', toExtend = '', toNack = ''] = messages.map(({ receipt }) => receipt);

    const outcomes = [
      ...answerOf(await b.settle('ack', [toAck])),
      ...answerOf(await b.settle('extend', [toExtend], { leaseSeconds: 600 })),
      ...answerOf(await b.settle('nack', [toNack])),
    ];
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok']);
    expect(await a.stats()).toMatchObject({ messages: 2, ready: 1, leased: 1 });

    const again = answerOf(await a.receive({ max: 3, waitSeconds: 5 })).messages;
    expect(again).toMatchObject([{ body: 'to nack', deliveries: 2 }]);
    const outcomesAtA = answerOf(await a.settle('ack', [toAck, toExtend, toNack]));
    expect(outcomesAtA.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'lost']);
  });

  test('a publish that was answered is found by a receive without waiting at any gateway', async () => {
    const [a, b] = await pair.createQueue();
    for (let round = 0; round < 150; round += 1) {
      const [publisher, consumer] = round % 3 === 0 ? [b, a] : [a, b];
      answerOf(await publisher.publish(`${round}`));
      const { messages } = answerOf(await consumer.receive({ waitSeconds: 0 }));
      expect(messages.map(({ body }) => body)).toEqual([`${round}`]);
      const receipts = messages.map(({ receipt }) => receipt);
      answerOf(await (round % 2 === 0 ? a : b).settle('ack', receipts));
    }
  });

  test('concurrent publishers each find a message at the other gateway right after their 201', async () => {
    const [a, b] = await pair.createQueue();
    const empties: string[] = [];
    const publisher = async (number: number) => {
      for (let round = 0; round < 40; round += 1) {
        const [here, there] = (number + round) % 2 === 0 ? [a, b] : [b, a];
        answerOf(await here.publish(`${number}-${round}`));
        // Everyone takes one for each that it has published, so there is always one left for it.
        const { messages } = answerOf(await there.receive({ waitSeconds: 0, autoAck: true }));
        if (messages.length === 0) empties.push(`${number}-${round}`);
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, number) => publisher(number)));
    expect(empties).toEqual([]);
    expect((await a.stats()).messages).toBe(0);
  });

  test('statistics at one are right when the other trims a segment while they are being read', async () => {
    const { proxy } = pair;
    const [reader, other] = await pair.createQueue();
    // One entry each: as many as make a segment worth sealing as soon as it is done.
    for (let entry = 0; entry < 20; entry += 1) answerOf(await other.publish(`${entry}`));
    const receipts = answerOf(await other.receive({ max: 100 })).messages.map(({ receipt }) => receipt);
    expect(await reader.stats()).toMatchObject({ messages: 20, leased: 20 });
    const nodes = await cluster.server.nodeCount();

    // The log and the list of pages have been read, the page has not.
    let isHeld = false;
    proxy.onRequest = ({ bytes, opcode: kind }) => {
      if (kind === opcode.getData && bytes.includes('/cursor') && !isHeld) {
        isHeld = true;
        proxy.hold('toServer');
      }
      return 'forward';
    };
    const stats = reader.stats();
    await waitUntil(() => isHeld, 'the page is about to be read');
    answerOf(await other.settle('ack', receipts));
    await waitUntil(async () => (await cluster.server.nodeCount()) < nodes - 15, 'the segment is trimmed');
    proxy.release();
    expect(await stats).toMatchObject({ messages: 0, ready: 0, leased: 0 });
  });

  test('a message has one valid lease at any moment, and a confirmed ack is final', loadLimits, async () => {
    const clients = await pair.createQueue();
    const load = new Load({ clients, producers: 8, consumers: 24, leaseSeconds: 1, mischief: 0.2 });
    load.start();
    await load.whenMore(2_000);
    await load.finish();
    console.log('two gateways:', load.history.summary(), Object.fromEntries(load.problems));
    expect(violations(load.history)).toEqual([]);
  });
});
