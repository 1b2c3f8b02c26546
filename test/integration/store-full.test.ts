/** An ensemble that holds as much as it may: nothing more is published at any gateway, and everything else goes on. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import { answerOf, QueueClient } from '../support/queue-client.ts';
import { send } from '../support/raw-http.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper, type ZooKeeperServer } from '../support/zookeeper-server.ts';

let server: ZooKeeperServer;
let gateways: GatewayProcess[] = [];

beforeAll(async () => {
  server = await startZooKeeper();
  const options = {
    zooKeeper: `${server.address}/full-${randomUUID()}`,
    variables: { ZOOGATE_LOG_LEVEL: 'error', ZOOGATE_MAX_DATA_BYTES: String(3 * 1024 * 1024) },
  };
  gateways = await Promise.all([GatewayProcess.start(options), GatewayProcess.start(options)]);
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.kill()));
  await server.stop();
});

test('a full store takes no messages at any gateway until there is room, and gives away what it has', async () => {
  const [one, two] = gateways.map(({ url }) => url);
  if (one === undefined || two === undefined) throw new Error('two gateways were started');
  const queue = new QueueClient(one, 'jobs');
  const other = new QueueClient(one, 'others');
  await queue.create();
  await other.create();
  const body = Buffer.alloc(200_000, 'x');
  const publish = (url: string, path = queue.path) => send(url, `${path}/messages`, { body });
  const statusAt = async (url: string) => (await publish(url)).status;

  let stored = 0;
  while (stored < 30 && (await statusAt(one)) === 201) stored += 1;
  expect(stored).toBeGreaterThan(5);
  expect(stored).toBeLessThan(20);
  await waitUntil(async () => (await statusAt(two)) === 507, 'the other gateway has seen it');
  const { status, headers, text } = await publish(one, other.path);
  expect([status, JSON.parse(text).code, Number(headers['retry-after']) > 0]).toEqual([
    507,
    'store-full',
    true,
  ]);
  expect(JSON.parse(text).detail).toMatch(/ack|purge|delete/);
  const json = { 'content-type': 'application/json' };
  const publishes = [{ queue: 'others', messages: [{ body: 'x'.repeat(200_000) }] }];
  const transaction = JSON.stringify({ acks: [], publishes });
  expect((await send(two, '/v1/transactions', { headers: json, body: transaction })).status).toBe(507);

  const held = await queue.stats();
  const receipts: string[] = [];
  for (const at of [queue, queue.at(two)]) {
    const { messages } = answerOf(await at.receive({ max: 3 }));
    receipts.push(...messages.map(({ receipt }) => receipt));
  }
  expect(answerOf(await queue.settle('extend', receipts, { leaseSeconds: 60 }))).toHaveLength(
    receipts.length,
  );
  expect(answerOf(await queue.settle('ack', receipts)).map(({ outcome }) => outcome)).not.toContain('lost');
  expect((await queue.stats()).messages).toBe(held.messages - receipts.length);
  expect((await send(two, queue.path, { method: 'DELETE' })).status).toBe(204);

  const room = async () =>
    (await Promise.all([publish(one, other.path), publish(two, other.path)])).map((each) => each.status);
  await waitUntil(async () => (await room()).every((each) => each === 201), 'there is room again');
  queue.close();
  other.close();
});
