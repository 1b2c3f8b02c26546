/**
 * A thousand clients that resume a stream far behind and never read: the gateway stays within its memory, serves others
 * meanwhile, and refuses new streams while there is no room for them.
 */
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { EventSource } from '../support/event-source.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { openSocket, send } from '../support/raw-http.ts';
import { residentBytes } from '../support/raw-polls.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper, type ZooKeeperServer } from '../support/zookeeper-server.ts';

const CLIENTS = 1_000;
const MESSAGES = 120;
const MESSAGE_BYTES = 250_000;
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;
/** Of the whole process, with a heap of 512 MiB: the cache of entries takes 128 MiB, the answers 32, the connections 40. */
const RESIDENT_BYTES_MAX = 700 * 1024 * 1024;

const BYTES = 'application/octet-stream';
const topic = '/v1/topics/news';
let server: ZooKeeperServer;
let gateway: GatewayProcess;
const sockets: Socket[] = [];

beforeAll(async () => {
  server = await startZooKeeper([], 1024);
  gateway = await GatewayProcess.start({
    zooKeeper: `${server.address}/lagging`,
    nodeOptions: ['--max-old-space-size=512'],
    variables: { ZOOGATE_LOG_LEVEL: 'error', ZOOGATE_MAX_ANSWER_BYTES: String(ANSWER_BYTES_MAX) },
  });
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(async () => {
  await gateway.kill();
  await server.stop();
});

const publish = (body: Buffer | string, type = 'text/plain') =>
  send(gateway.url, `${topic}/messages`, { headers: { 'content-type': type }, body });

/** A client that asks for the stream, reads the first line of the answer, and nothing more. @returns its status */
async function lag(headers: string): Promise<number> {
  const socket = openSocket(gateway.url);
  sockets.push(socket);
  socket.write(`GET ${topic}/stream HTTP/1.1\r\nHost: test\r\n${headers}\r\n`);
  const first = await new Promise<Buffer>((resolve, reject) => {
    socket.once('error', reject).once('close', () => reject(new Error('closed without an answer')));
    socket.once('data', resolve);
  });
  socket.pause().on('error', () => {});
  return Number(first.toString('latin1').split(' ')[1]);
}

async function metric(name: string): Promise<number> {
  const { text } = await send(gateway.url, '/metrics', { method: 'GET' });
  return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1]);
}

const answerBytes = () => metric('zoogate_http_answer_bytes');

test('a thousand clients that resume far behind and do not read cost what is documented, and no more', {
  timeout: 300_000,
}, async () => {
  await send(gateway.url, topic, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: '{"retentionSeconds":3600}',
  });
  const first = await EventSource.open(gateway.url, `${topic}/stream`);
  await publish('first');
  const { id = '' } = await first.next();
  first.close();
  for (let sent = 0; sent < MESSAGES; sent += 1) await publish(Buffer.alloc(MESSAGE_BYTES), BYTES);

  let highest = 0;
  const observing = setInterval(() => {
    highest = Math.max(highest, residentBytes(gateway.pid));
  }, 500);
  try {
    const statuses = new Set<number>();
    for (let opened = 0; opened < CLIENTS; opened += 100) {
      const lagging = Array.from({ length: 100 }, () => lag(`Last-Event-ID: ${id}\r\n`));
      for (const status of await Promise.all(lagging)) statuses.add(status);
    }
    // Those who come when there is no room are told to come again; so are all while a busy machine keeps ZooKeeper away.
    statuses.delete(503);
    expect(statuses).toEqual(new Set([200, 429]));
    expect(await answerBytes()).toBeLessThanOrEqual(ANSWER_BYTES_MAX);
    // Others are served.
    expect((await publish('meanwhile')).status).toBe(201);
  } finally {
    clearInterval(observing);
  }
  for (const socket of sockets) socket.destroy();
  await waitUntil(async () => (await answerBytes()) === 0, 'what waited for them is given back');
  expect(highest).toBeLessThan(RESIDENT_BYTES_MAX);
  // A client that reads gets all of it.
  const reading = await EventSource.open(gateway.url, `${topic}/stream`, { 'last-event-id': id });
  expect((await reading.bodies(MESSAGES + 1)).at(-1)).toBe('meanwhile');
  reading.close();
});
