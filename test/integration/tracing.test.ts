/** Traces of a gateway process, as a real collector gets them; and what a gateway without tracing pays: nothing. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import { type CollectedSpan, type OtlpCollector, startOtlpCollector } from '../support/otlp-collector.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper, type ZooKeeperServer } from '../support/zookeeper-server.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const publisher = { traceparent: `00-${traceId}-b7ad6b7169203331-01`, tracestate: 'vendor=1' };
const consumer = { traceparent: `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01` };
const CLIENT = 3;
const ERROR = 2;

let server: ZooKeeperServer;
let collector: OtlpCollector;
let gateway: GatewayProcess;

beforeAll(async () => {
  [server, collector] = await Promise.all([startZooKeeper(), startOtlpCollector()]);
  gateway = await GatewayProcess.start({
    zooKeeper: `${server.address}/traced`,
    variables: {
      ZOOGATE_OTLP_ENDPOINT: collector.endpoint,
      OTEL_BSP_SCHEDULE_DELAY: '50',
      OTEL_SERVICE_NAME: 'broker-of-the-test',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=test',
    },
  });
  await send('PUT', '/v1/queues/orders');
});
afterAll(async () => {
  await gateway?.kill();
  await Promise.all([server?.stop(), collector?.stop()]);
});

async function send(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const answer = await fetch(`${gateway.url}${path}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return text === '' ? undefined : JSON.parse(text);
}

/** The next span of this name, once it has arrived. */
async function span(name: string, from = 0): Promise<CollectedSpan> {
  const found = () => collector.spans.slice(from).find((candidate) => candidate.name === name);
  await waitUntil(() => found() !== undefined, `the span "${name}" arrives`);
  return found() as CollectedSpan;
}

describe('a gateway with a collector', () => {
  test('sends a span for each step of a message’s life, and the consumer’s is linked to the publisher’s trace', async () => {
    const messages = [{ body: { order: 1 } }];
    const { messages: stored } = await send('POST', '/v1/queues/orders/messages', { messages }, publisher);
    const { messages: received } = await send(
      'POST',
      '/v1/queues/orders/messages/receive',
      { waitSeconds: 5 },
      consumer,
    );
    expect(received[0].attributes).toEqual(publisher);
    const receipts = [received[0].receipt];
    await send('POST', '/v1/queues/orders/messages/ack', { receipts }, consumer);

    const common = { 'messaging.system': 'zoogate', 'messaging.destination.name': 'orders' };
    const published = await span('publish orders');
    expect(published).toMatchObject({
      traceId,
      parentSpanId: 'b7ad6b7169203331',
      kind: CLIENT,
      links: [],
      resource: { 'service.name': 'broker-of-the-test', 'service.instance.id': expect.any(String) },
    });
    expect(published.attributes).toEqual({
      ...common,
      'messaging.operation.name': 'publish',
      'messaging.operation.type': 'send',
      'messaging.message.id': stored[0].id,
      'messaging.message.body.size': 11,
    });
    const receive = await span('receive orders');
    expect(receive).toMatchObject({ traceId: 'c'.repeat(32), parentSpanId: 'd'.repeat(16), kind: CLIENT });
    expect(receive.attributes).toMatchObject({
      ...common,
      'messaging.operation.type': 'receive',
      'messaging.message.id': stored[0].id,
    });
    expect(receive.links).toMatchObject([
      {
        traceId,
        spanId: 'b7ad6b7169203331',
        traceState: 'vendor=1',
        attributes: { 'messaging.message.id': stored[0].id },
      },
    ]);
    const ack = await span('ack orders');
    expect(ack).toMatchObject({ traceId: 'c'.repeat(32), kind: CLIENT });
    expect(ack.attributes).toEqual({
      ...common,
      'messaging.operation.name': 'ack',
      'messaging.operation.type': 'settle',
    });
    expect(collector.headers['x-tenant']).toBe('test');
  });

  test('tells how many messages there were, and names the subscription', async () => {
    await send('PUT', '/v1/topics/news');
    await send('PUT', '/v1/topics/news/subscriptions/reader');
    const own = { traceparent: `00-${'e'.repeat(32)}-${'f'.repeat(16)}-00` };
    const messages = [{ body: 1 }, { body: 2, attributes: own }];
    await send('POST', '/v1/topics/news/messages', { messages }, publisher);
    await send('POST', '/v1/topics/news/subscriptions/reader/messages/receive', { max: 10, waitSeconds: 5 });
    const published = await span('publish news');
    expect(published.attributes['messaging.batch.message_count']).toBe(2);
    // The message that its publisher gave a context of its own is linked to.
    expect(published.links).toMatchObject([{ traceId: 'e'.repeat(32) }]);
    const received = await span('receive news');
    expect(received.attributes).toMatchObject({
      'messaging.destination.name': 'news',
      'messaging.destination.subscription.name': 'reader',
      'messaging.batch.message_count': 2,
    });
    expect(received.links.map((link) => link.traceId)).toEqual([traceId, 'e'.repeat(32)]);
    expect(received.parentSpanId ?? '').toBe('');
  });

  test('tells of transactions, and of what failed without any of its words', async () => {
    const publishes = [{ queue: 'orders', messages: [{ body: 1 }] }];
    await send('POST', '/v1/transactions', { acks: [], publishes }, publisher);
    expect((await span('transact')).attributes).toMatchObject({ 'zoogate.receipt_count': 0 });
    await send('POST', '/v1/queues/nowhere/messages', { messages: [{ body: 1 }] }, publisher);
    const failed = await span('publish nowhere');
    expect(failed.status).toEqual({ code: ERROR, message: 'not-found' });
    expect(failed.attributes['error.type']).toBe('not-found');
  });

  test('respects that a publisher’s trace is not recorded', async () => {
    const unrecorded = { traceparent: publisher.traceparent.replace(/01$/, '00') };
    const before = collector.spans.length;
    await send('POST', '/v1/queues/orders/messages', { messages: [{ body: 'unrecorded' }] }, unrecorded);
    await send('POST', '/v1/queues/orders/messages/ack', { receipts: ['x'] });
    await span('ack orders', before);
    expect(collector.spans.slice(before).map(({ name }) => name)).toEqual(['ack orders']);
  });

  test('sends what it still has before it ends', async () => {
    const last = await GatewayProcess.start({
      zooKeeper: `${server.address}/traced`,
      variables: { ZOOGATE_OTLP_ENDPOINT: collector.endpoint, OTEL_BSP_SCHEDULE_DELAY: '600000' },
    });
    try {
      await fetch(`${last.url}/v1/queues/last/messages`, { method: 'POST', body: 'x' });
      expect(await last.stop()).toEqual({ code: 0, signal: null });
      expect(collector.spans.map(({ name }) => name)).toContain('publish last');
    } finally {
      await last.kill();
    }
  });

  test('serves all the same when nobody collects, and says so in its log', async () => {
    const alone = await GatewayProcess.start({
      zooKeeper: `${server.address}/traced`,
      variables: {
        ZOOGATE_OTLP_ENDPOINT: 'http://127.0.0.1:9',
        OTEL_BSP_SCHEDULE_DELAY: '50',
        OTEL_EXPORTER_OTLP_TIMEOUT: '500',
      },
    });
    try {
      const answer = await fetch(`${alone.url}/v1/queues/orders/messages`, { method: 'POST', body: 'x' });
      expect(answer.status).toBe(201);
      await waitUntil(() => alone.output.includes('traces cannot be sent'), 'it says so');
    } finally {
      await alone.kill();
    }
  });
});

test('a gateway without a collector loads nothing of the SDK', async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const script = `
    import { createRequire } from 'node:module';
    await import('./src/gateway.ts');
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    console.log(loaded.length, loaded.filter((path) => /@opentelemetry.(?!api)/.test(path)).length);
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', script],
    { cwd: root },
  );
  const [all = 0, ofTheSdk] = stdout.trim().split(' ').map(Number);
  expect(all).toBeGreaterThan(50);
  expect(ofTheSdk).toBe(0);
});
