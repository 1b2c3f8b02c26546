/** What was refused because it had waited too long for ZooKeeper has not been done, and is not done later. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { useGateways } from '../support/gateway-cluster.ts';
import { answerOf } from '../support/queue-client.ts';
import { opcode } from '../support/tcp-proxy.ts';

const cluster = useGateways();

const requestTimeoutMs = 800;

async function start() {
  const proxy = await cluster.startProxy();
  const chroot = `/test/${randomUUID()}`;
  const [slow] = await cluster.start(1, { address: proxy.address, chroot, requestTimeoutMs });
  const [other] = await cluster.start(1, { chroot });
  if (slow === undefined || other === undefined) throw new Error('two gateways were asked for');
  const [atOther, atSlow] = await cluster.createQueue([other, slow]);
  if (atOther === undefined || atSlow === undefined) throw new Error('two gateways were asked for');
  return { proxy, atSlow, atOther };
}

test('a publish that is refused while its segment is being looked for is never stored', async () => {
  const { proxy, atSlow, atOther } = await start();
  // The gateway knows the queue, but has never looked at its log: from that look on nothing reaches the server.
  let isHeld = false;
  proxy.onRequest = ({ bytes }) => {
    if (!isHeld && bytes.includes('/log')) {
      isHeld = true;
      proxy.hold('toServer');
    }
    return 'forward';
  };
  const first = atSlow.publish('first');
  // So that it is still waited for when the first is given up, and its turn comes.
  await sleep(requestTimeoutMs / 2);
  const second = atSlow.publish('second');
  const refused = { kind: 'refused', problem: { status: 503, code: 'unavailable' } };
  expect(await first).toMatchObject(refused);
  expect(await second).toMatchObject(refused);
  expect(isHeld).toBe(true);
  proxy.release();

  // Whatever the gateway still does for the others comes before this.
  answerOf(await atSlow.publish('third'));
  const { messages } = answerOf(await atOther.receive({ max: 10 }));
  expect(messages.map(({ body }) => body)).toEqual(['third']);
});

test('a receive whose acks have taken effect is not refused as if nothing had been changed', async () => {
  const { proxy, atSlow, atOther } = await start();
  answerOf(await atSlow.publish('a'));
  const [message] = answerOf(await atSlow.receive()).messages;
  // The ack is written and answered; the look that must come before "there is nothing more" gets no answer.
  proxy.onReply = ({ opcode: kind }) => {
    if (kind === opcode.multi) setImmediate(() => proxy.hold('toServer'));
    return 'forward';
  };
  const ending = await atSlow.receive({ ack: [message?.receipt ?? ''] });
  expect(ending).toMatchObject({ kind: 'unknown', problem: { status: 504, code: 'outcome-unknown' } });
  expect(await atOther.stats()).toMatchObject({ messages: 0 });
});
