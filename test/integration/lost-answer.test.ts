/** The connection to ZooKeeper breaks around a write: the gateway finds out whether it happened, and says so. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type GatewayPair, useGateways } from '../support/gateway-cluster.ts';
import { answerOf, type QueueClient } from '../support/queue-client.ts';
import { opcode, type TcpProxy } from '../support/tcp-proxy.ts';

const cluster = useGateways('file');
let pair: GatewayPair;

beforeAll(async () => {
  pair = await cluster.startPair();
});

/** An empty queue whose segment and page are there, at the gateway behind the proxy and at the one that is not. */
async function start(): Promise<{ proxy: TcpProxy; cut: QueueClient; whole: QueueClient }> {
  const [cut, whole] = await pair.createQueue();
  answerOf(await cut.publish('first'));
  answerOf(await cut.receive({ autoAck: true }));
  return { proxy: pair.proxy, cut, whole };
}

/** Cuts the connection at the next commit; what it returns settles once that has happened. */
type Cut = (proxy: TcpProxy) => Promise<void>;

const cuts: [string, Cut][] = [
  ['after a write, before its answer', (proxy) => proxy.loseNextReply(opcode.multi)],
  ['before a write was sent on', cutBeforeNextCommit],
];

function cutBeforeNextCommit(proxy: TcpProxy): Promise<void> {
  return new Promise((resolve) => {
    proxy.onRequest = ({ opcode: kind }) => {
      if (kind !== opcode.multi) return 'forward';
      proxy.onRequest = () => 'forward';
      resolve();
      return 'cut';
    };
  });
}

describe.each(cuts)('when the connection breaks %s', (_, cutNext) => {
  test('a publish is answered 201 and stored once', async () => {
    const { proxy, cut, whole } = await start();
    for (let round = 0; round < 5; round += 1) {
      const broken = cutNext(proxy);
      const { id } = answerOf(await cut.publish(`${round}`));
      await broken;
      const { messages } = answerOf(await whole.receive({ max: 10, autoAck: true }));
      expect(messages).toMatchObject([{ id, body: `${round}`, deliveries: 1 }]);
    }
  });

  test('publishes that share the write are each stored once', async () => {
    const { proxy, cut, whole } = await start();
    const broken = cutNext(proxy);
    const endings = await Promise.all(
      Array.from({ length: 32 }, (_each, number) => cut.publish(`${number}`)),
    );
    await broken;
    const ids = endings.map((ending) => answerOf(ending).id);
    const { messages } = answerOf(await whole.receive({ max: 100, autoAck: true }));
    expect(messages.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  });

  test('a receive is answered with the message, leased once', async () => {
    const { proxy, cut, whole } = await start();
    answerOf(await cut.publish('a'));
    const broken = cutNext(proxy);
    const { messages } = answerOf(await cut.receive({ leaseSeconds: 600 }));
    await broken;
    expect(messages).toMatchObject([{ body: 'a', deliveries: 1 }]);
    expect(await whole.stats()).toMatchObject({ messages: 1, leased: 1 });
    const receipts = messages.map(({ receipt }) => receipt);
    expect(answerOf(await whole.settle('ack', receipts))).toMatchObject([{ outcome: 'ok' }]);
  });

  test('a receive with autoAck is answered with the message, which is gone', async () => {
    const { proxy, cut, whole } = await start();
    answerOf(await cut.publish('a'));
    const broken = cutNext(proxy);
    const { messages } = answerOf(await cut.receive({ autoAck: true }));
    await broken;
    expect(messages).toMatchObject([{ body: 'a', deliveries: 1 }]);
    expect(await whole.stats()).toMatchObject({ messages: 0 });
  });

  test('an ack is ok, and the message is gone', async () => {
    const { proxy, cut, whole } = await start();
    answerOf(await cut.publish('a'));
    const [message] = answerOf(await cut.receive()).messages;
    const broken = cutNext(proxy);
    expect(answerOf(await cut.settle('ack', [message?.receipt ?? '']))).toMatchObject([{ outcome: 'ok' }]);
    await broken;
    expect(await whole.stats()).toMatchObject({ messages: 0 });
  });

  test('a nack is ok, and the message is given out once more', async () => {
    const { proxy, cut, whole } = await start();
    answerOf(await cut.publish('a'));
    const [message] = answerOf(await cut.receive({ leaseSeconds: 600 })).messages;
    const broken = cutNext(proxy);
    expect(answerOf(await cut.settle('nack', [message?.receipt ?? '']))).toMatchObject([{ outcome: 'ok' }]);
    await broken;
    expect(answerOf(await whole.receive({ max: 10 })).messages).toMatchObject([{ body: 'a', deliveries: 2 }]);
  });

  test('a receive that acks is answered with both', async () => {
    const { proxy, cut, whole } = await start();
    for (const body of ['a', 'b']) answerOf(await cut.publish(body));
    const [message] = answerOf(await cut.receive()).messages;
    const broken = cutNext(proxy);
    const answer = answerOf(await cut.receive({ ack: [message?.receipt ?? ''], leaseSeconds: 600 }));
    await broken;
    expect(answer).toMatchObject({ messages: [{ body: 'b', deliveries: 1 }], acked: [{ outcome: 'ok' }] });
    expect(await whole.stats()).toMatchObject({ messages: 1, leased: 1 });
  });
});
