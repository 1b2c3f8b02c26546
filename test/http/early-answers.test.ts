/** Refusals of requests whose bodies have not come: at once, and without asking for them. */
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { useGuardedGateways } from '../support/guarded-gateways.ts';
import { openSocket } from '../support/raw-http.ts';
import { waitUntil } from '../support/wait-until.ts';

const guarded = useGuardedGateways({ shop: { rights: { publish: ['shop-*'], manage: ['shop-*'] } } });

/** Of what a stranger sends after the answer; what lies in the buffers of both ends comes on top. */
const READ_BYTES_MAX = 32 * 1024 * 1024;

let sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A connection, and what has come back on it so far. */
function connection() {
  const socket = openSocket(guarded.gateways.urls[0]).on('error', () => {});
  sockets = [...sockets, socket];
  let received = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
  });
  return {
    socket,
    statuses: () => [...received.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status)),
    received: () => received,
  };
}

type Head = Readonly<Record<string, string>>;

function head(method: string, path: string, headers: Head): string {
  const lines = Object.entries({ host: 'test', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

const credentials = () => guarded.file.headersOf('shop');
const json = { 'content-type': 'application/json' };

describe('a stranger who announces a body', () => {
  it.each(['content-length', 'transfer-encoding'])('is refused before it comes: %s', async (name) => {
    const { socket, statuses } = connection();
    const value = name === 'content-length' ? '5000000' : 'chunked';
    socket.write(head('POST', '/v1/queues/shop-a/messages', { ...json, [name]: value }));
    const startMs = performance.now();
    await waitUntil(() => statuses().length > 0, 'the answer comes');
    expect(statuses()).toEqual([401]);
    // It took ten seconds to wait for the body.
    expect(performance.now() - startMs).toBeLessThan(6_000);
    await waitUntil(() => socket.closed, 'the connection ends');
  });

  it('is not read for ever', async () => {
    const { socket, statuses } = connection();
    socket.write(head('POST', '/v1/queues/shop-a/messages', { 'content-length': '10000000000' }));
    const chunk = Buffer.alloc(64 * 1024);
    const sendMore = (): void => {
      while (!socket.destroyed && socket.bytesWritten < 2 * READ_BYTES_MAX && socket.write(chunk)) {
        // Goes on until the buffers are full.
      }
    };
    socket.on('drain', sendMore);
    sendMore();
    await waitUntil(() => socket.closed, 'the connection ends');
    expect(statuses()).toEqual([401]);
    expect(socket.bytesWritten).toBeLessThan(READ_BYTES_MAX);
  });

  it('may go on with the connection once all of it has come', async () => {
    const { socket, statuses } = connection();
    socket.write(head('POST', '/v1/queues/shop-a/messages', { 'content-length': '10' }));
    await waitUntil(() => statuses().length === 1, 'the answer comes');
    socket.write(`${'x'.repeat(10)}${head('GET', '/livez', {})}`);
    await waitUntil(() => statuses().length === 2, 'the next answer comes');
    expect(statuses()).toEqual([401, 200]);
  });
});

describe('with Expect: 100-continue', () => {
  const expecting = { expect: '100-continue' };
  const queue = '/v1/queues/shop-expect';

  it.each<[string, number, string, string, () => Head]>([
    ['without credentials', 401, 'POST', `${queue}/messages`, () => ({ 'content-length': '5' })],
    [
      'with wrong ones',
      401,
      'PUT',
      queue,
      () => ({ authorization: 'Bearer x', 'content-length': '2', ...json }),
    ],
    [
      'without the right',
      403,
      'PUT',
      '/v1/queues/other',
      () => ({ ...credentials(), 'content-length': '2' }),
    ],
    [
      'of a body that is too large',
      413,
      'POST',
      `${queue}/messages`,
      () => ({ ...credentials(), 'content-length': '100000000' }),
    ],
    [
      'of a content type that is not taken',
      415,
      'PUT',
      queue,
      () => ({ ...credentials(), 'content-length': '2', 'content-type': 'text/html' }),
    ],
    [
      'of a content coding',
      415,
      'POST',
      `${queue}/messages`,
      () => ({ ...credentials(), 'content-length': '20', 'content-encoding': 'gzip' }),
    ],
    ['of a path that is unknown', 404, 'POST', '/nowhere', () => ({ 'content-length': '5' })],
  ])('a request %s is refused, and its body not asked for', async (_, status, method, path, headers) => {
    const { socket, statuses, received } = connection();
    socket.write(head(method, path, { ...expecting, ...headers() }));
    await waitUntil(() => statuses().length > 0, 'the answer comes');
    expect(statuses()).toEqual([status]);
    expect(received()).toMatch(/\r\nconnection: close\r\n/i);
    await waitUntil(() => socket.closed, 'the connection ends');
  });

  it('a request that is fine is asked for its body, and the connection goes on', async () => {
    const { socket, statuses, received } = connection();
    const length = { ...credentials(), ...json };
    socket.write(head('PUT', queue, { ...expecting, ...length, 'content-length': '2' }));
    await waitUntil(() => statuses().length > 0, 'it is asked');
    expect(statuses()).toEqual([100]);
    socket.write('{}');
    await waitUntil(() => statuses().length > 1, 'the answer comes');
    socket.write(head('GET', '/livez', {}));
    await waitUntil(() => statuses().length > 2, 'the next answer comes');
    expect(statuses()).toEqual([100, 201, 200]);
    expect(received()).not.toMatch(/\r\nconnection: close\r\n/i);
  });
});
