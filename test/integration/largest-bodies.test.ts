/**
 * The largest bodies that the routes take, made to be as expensive as they can be, at a gateway with a small heap: each
 * is answered, none holds the event loop for long, and none is the gateway's end.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import {
  type LargestBody,
  largestJson,
  largestPublishes,
  largestTransactions,
} from '../support/largest-bodies.ts';
import { send } from '../support/raw-http.ts';
import { startZooKeeper, type ZooKeeperServer } from '../support/zookeeper-server.ts';

const HEAP_MIB = 512;
/** Of the processor. A quarter of a second is promised; the rest is for garbage, and for machines that are slower. */
const HELD_MS_MAX = 600;
const KIB = 1024;
const queue = `queue-${randomUUID()}`;
const path = `/v1/queues/${queue}`;
const json = { 'content-type': 'application/json' };

let server: ZooKeeperServer;
let gateway: GatewayProcess;
let onHeld: (ms: number) => void = () => {};

beforeAll(async () => {
  server = await startZooKeeper();
  gateway = await GatewayProcess.start({
    zooKeeper: `${server.address}/largest`,
    variables: { ZOOGATE_LOG_LEVEL: 'error' },
    nodeOptions: [`--max-old-space-size=${HEAP_MIB}`, '--import', './test/support/held-loop.mjs'],
    onMessage: (message) => {
      if ('heldMs' in message) onHeld(Number(message.heldMs));
    },
  });
  for (const created of [path, '/v1/topics/events', '/v1/topics/events/subscriptions/all']) {
    expect((await send(gateway.url, created, { method: 'PUT' })).status).toBe(201);
  }
});
afterAll(async () => {
  await gateway?.kill();
  await server?.stop();
});

/** The longest turn of the gateway's event loop since the last time. */
function heldMs(): Promise<number> {
  return new Promise((resolve) => {
    onHeld = resolve;
    gateway.signal('SIGWINCH');
  });
}

async function expectAnswers(
  bodies: Iterable<LargestBody>,
  request: { method?: string; path: string; headers?: Record<string, string> },
): Promise<void> {
  const slow: string[] = [];
  await heldMs();
  for (const { name, text } of bodies) {
    const { status } = await send(gateway.url, request.path, { headers: json, ...request, body: text });
    expect([200, 201, 400, 404, 409, 413, 415], name).toContain(status);
    const ms = await heldMs();
    if (ms > HELD_MS_MAX) slow.push(`${name}: ${Math.round(ms)} ms`);
  }
  expect(slow).toEqual([]);
}

describe('a body as large as a route takes', () => {
  test.each([
    ['a configuration', 'PUT', path, 64, ['deadLetterQueue']],
    ['a patch', 'PATCH', '/v1/topics/events/subscriptions/all', 64, ['filter']],
    ['receipts', 'POST', `${path}/messages/ack`, 1024, ['receipts']],
    ['a receive', 'POST', `${path}/messages/receive`, 1024, ['ack']],
    ['a publish', 'POST', `${path}/messages`, 8192, ['messages']],
    ['a transaction', 'POST', '/v1/transactions', 9216, ['acks']],
  ])('of %s holds nobody up', { timeout: 240_000 }, async (_, method, at, kib, fields) => {
    await expectAnswers(largestJson(kib * KIB, fields), { method, path: at });
  });

  test('of a transaction of a thousand lists holds nobody up', { timeout: 120_000 }, async () => {
    await expectAnswers(largestTransactions(queue), { path: '/v1/transactions' });
  });

  test('of a publish of a thousand messages holds nobody up', { timeout: 240_000 }, async () => {
    await expectAnswers(largestPublishes(), { path: `${path}/messages` });
  });

  test.each(['application/cloudevents+json', 'application/cloudevents-batch+json', 'application/vnd.x+json'])(
    'of %s holds nobody up',
    { timeout: 240_000 },
    async (type) => {
      const headers = { 'content-type': type };
      const kib = type.includes('batch') ? 8192 : 256;
      await expectAnswers(largestJson(kib * KIB, []), { path: `${path}/messages`, headers });
    },
  );
});
