/** What the edge refuses, whom it waits for and for how long, with a broker that does as the test says. */
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { type AppOptions, buildApp } from '../../src/app.ts';
import type { Broker, ReceivedMessage, ReceiveResult } from '../../src/queue/index.ts';
import { openSocket, send } from '../support/raw-http.ts';
import { waitUntil } from '../support/wait-until.ts';

const mebibyte = 1024 * 1024;
const apps: FastifyInstance[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const app of apps.splice(0)) {
    app.server.closeAllConnections();
    await app.close();
  }
});

/** A broker whose publishes wait until they are let go, and whose receives bring a message of `bytes`. */
function stubBroker(bytes = 10) {
  const waiting: (() => void)[] = [];
  const released: string[] = [];
  const message: ReceivedMessage = {
    ...{ id: '0-1', body: Buffer.alloc(bytes, 'x'), bodyKind: 'text', contentType: 'text/plain' },
    ...{ attributes: {}, priority: 0, publishedAtMs: 0, receipt: 'r', deliveries: 1 },
    ...{ leaseExpiresAtMs: 0, fencingToken: '1' },
  };
  const broker: Partial<Broker> = {
    ready: true,
    publish: () => new Promise((resolve) => waiting.push(() => resolve([{ id: '0-1' }]))),
    receive: async (_source, { ack }): Promise<ReceiveResult> => ({
      messages: [message],
      ...(ack === undefined ? {} : { acked: ack.map((receipt) => ({ receipt, outcome: 'ok' as const })) }),
    }),
    release: async (_source, receipts) => void released.push(...receipts),
  };
  const letGo = () => {
    for (const each of waiting.splice(0)) each();
  };
  return { broker: broker as Broker, waiting, released, letGo };
}

async function listen(broker: Broker, options: Omit<AppOptions, 'broker'>): Promise<string> {
  const app = buildApp({ broker, ...options });
  apps.push(app);
  return app.listen({ host: '127.0.0.1', port: 0 });
}

function connection(url: string): Socket {
  const socket = openSocket(url).on('error', () => {});
  sockets.push(socket);
  return socket;
}

const publish = (url: string, bytes = 10, headers = {}) =>
  send(url, '/v1/queues/q/messages', { headers, body: Buffer.alloc(bytes, 'x') });
const receive = (url: string, body?: string) => {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  return send(url, '/v1/queues/q/messages/receive', { headers, ...(body === undefined ? {} : { body }) });
};

function expectRefusal({ status, headers, text }: Awaited<ReturnType<typeof send>>): void {
  expect([status, JSON.parse(text).code, Number(headers['retry-after']) > 0]).toEqual([
    429,
    'rate-limited',
    true,
  ]);
}

describe('requests at a time', () => {
  it('beyond the limit are refused at once; what tells how the gateway is, is not; places become free', async () => {
    const { broker, waiting, letGo } = stubBroker();
    const url = await listen(broker, { load: { requestsMax: 3 } });
    const first = [publish(url), publish(url), publish(url)];
    await waitUntil(() => waiting.length === 3, 'three wait');
    expectRefusal(await publish(url));
    expectRefusal(await receive(url));
    expect((await send(url, '/livez', { method: 'GET' })).status).toBe(200);
    expect((await send(url, '/readyz', { method: 'GET' })).status).toBe(200);
    letGo();
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([201, 201, 201]);
    await waitUntil(async () => (await receive(url)).status === 200, 'there is a place again');
  });

  it('that were pipelined count each, and are over when their connection is gone', async () => {
    const { broker, waiting } = stubBroker();
    const url = await listen(broker, { load: { requestsMax: 5 } });
    const socket = connection(url);
    socket.write('POST /v1/queues/q/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx'.repeat(5));
    await waitUntil(() => waiting.length === 5, 'five wait');
    expectRefusal(await receive(url));
    socket.destroy();
    await waitUntil(async () => (await receive(url)).status === 200, 'there are places again');
  });
});

describe('a gateway that is cut off from its ensemble', () => {
  it('refuses requests at once, and still tells how it is', async () => {
    const { broker, waiting } = stubBroker();
    let isCutOff = true;
    Object.defineProperty(broker, 'isCutOff', { get: () => isCutOff });
    const url = await listen(broker, {});
    const { status, headers, text } = await publish(url, mebibyte);
    expect([status, headers['retry-after'], JSON.parse(text).code]).toEqual([503, '1', 'unavailable']);
    expect((await receive(url)).status).toBe(503);
    expect((await send(url, '/livez', { method: 'GET' })).status).toBe(200);
    expect(waiting).toEqual([]);
    isCutOff = false;
    expect((await receive(url)).status).toBe(200);
  });
});

describe('bodies', () => {
  const options = { load: { requestBytesMax: 2 * mebibyte }, maxMessageBytes: mebibyte };

  it('count with what has come until they are answered; small ones have a part of their own', async () => {
    const { broker, waiting, letGo } = stubBroker();
    const url = await listen(broker, options);
    const first = publish(url, 800_000);
    await waitUntil(() => waiting.length === 1, 'it waits');
    expectRefusal(await publish(url, 800_000));
    expectRefusal(await publish(url, 800_000, { 'transfer-encoding': 'chunked' }));
    const second = publish(url, 760_000);
    await waitUntil(() => waiting.length === 2, 'it waits as well');
    expectRefusal(await publish(url, 100_000));
    const acks = JSON.stringify({ ack: Array(1000).fill('x'.repeat(30)) });
    expect((await receive(url, acks)).status).toBe(200);
    letGo();
    expect([(await first).status, (await second).status]).toEqual([201, 201]);
    const again = publish(url, 800_000);
    await waitUntil(() => waiting.length === 1, 'there is room again');
    letGo();
    expect((await again).status).toBe(201);
  });

  it('that were announced and do not come hold nothing', async () => {
    const { broker, waiting, letGo } = stubBroker();
    const url = await listen(broker, options);
    const head = `POST /v1/queues/q/messages HTTP/1.1\r\nHost: x\r\nContent-Length: ${mebibyte}\r\n\r\n`;
    for (let count = 0; count < 20; count += 1) connection(url).write(`${head}x`);
    const published = publish(url, 800_000);
    await waitUntil(() => waiting.length === 1, 'it is taken');
    letGo();
    expect((await published).status).toBe(201);
  });
});

describe('answers', () => {
  const receiveHead = (body = '') =>
    `POST /v1/queues/q/messages/receive HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

  /** A client that asks and does not take its answer. */
  function silentClient(url: string, body?: string): Socket {
    const socket = connection(url).pause();
    socket.write(receiveHead(body));
    return socket;
  }

  it('that nobody takes are bounded: more of them are refused, and their messages given back', async () => {
    const { broker, released } = stubBroker(20 * mebibyte);
    const url = await listen(broker, { load: { answerBytesMax: 50 * mebibyte } });
    const silent = [silentClient(url), silentClient(url)];
    await waitUntil(async () => (await receive(url)).status === 429, 'two are all there is memory for');
    expectRefusal(await receive(url));
    expect(released.length).toBeGreaterThan(0);
    for (const socket of silent) socket.destroy();
    await waitUntil(async () => (await receive(url)).status === 200, 'there is memory again');
  });

  it('whose acks are done are sent in any case', async () => {
    const { broker } = stubBroker(20 * mebibyte);
    const url = await listen(broker, { load: { answerBytesMax: 10 * mebibyte } });
    silentClient(url, '{"ack":["a"]}');
    expect((await receive(url, '{"ack":["a"]}')).status).toBe(200);
    expect((await receive(url)).status).toBe(429);
  });

  it('that are not taken in time end the connection, and their messages are given back', async () => {
    const { broker, released } = stubBroker(20 * mebibyte);
    const url = await listen(broker, { load: { answerGraceMs: 300, answerBytesPerMsMin: mebibyte } });
    const socket = silentClient(url);
    await waitUntil(() => released.length === 1, 'it is given back');
    socket.resume();
    await waitUntil(() => socket.closed, 'it is closed');
  });
});

describe('clients that do not finish', () => {
  const patience = { headersMs: 300, requestMs: 600, checkMs: 50 };

  it.each([
    ['say nothing', ''],
    ['stop in their headers', 'GET /livez HTTP/1.1\r\nHo'],
    [
      'stop in their body',
      'POST /v1/queues/q/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf',
    ],
  ])('those who %s are answered 400 in time, and disconnected', async (_, bytes) => {
    const { broker, waiting } = stubBroker();
    const url = await listen(broker, { patience });
    const socket = connection(url);
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString();
    });
    socket.write(bytes);
    await waitUntil(() => socket.closed, 'it is closed');
    expect(received).toMatch(/^HTTP\/1\.1 400 /);
    expect(received).toContain('did not arrive in time');
    expect(waiting).toEqual([]);
  });

  it('those who go on a byte at a time are no better off', async () => {
    const { broker } = stubBroker();
    const url = await listen(broker, { patience });
    const ofHeaders = connection(url);
    const ofBody = connection(url);
    ofHeaders.write('GET /livez HTTP/1.1\r\nX: ');
    ofBody.write('POST /v1/queues/q/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n');
    for (const socket of [ofHeaders, ofBody]) socket.resume();
    await waitUntil(() => {
      for (const socket of [ofHeaders, ofBody]) if (socket.writable) socket.write('x');
      return ofHeaders.closed && ofBody.closed;
    }, 'both are closed');
  });

  it('whoever waits for an answer is none of them', async () => {
    const { broker, waiting, letGo } = stubBroker();
    const url = await listen(broker, { patience });
    const published = publish(url);
    await waitUntil(() => waiting.length === 1, 'it waits');
    const silent = connection(url).resume();
    // Whoever came later, and has not finished, is gone by then.
    await waitUntil(() => silent.closed, 'the other is closed');
    letGo();
    expect((await published).status).toBe(201);
  });
});
