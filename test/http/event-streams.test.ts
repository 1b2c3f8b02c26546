/** How streams end: whatever the broker behind them does, and however slowly their clients read. */
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { buildApp } from '../../src/app.ts';
import { type Broker, BrokerError, type CallSignal, type StreamEvent } from '../../src/queue/index.ts';
import { EventSource } from '../support/event-source.ts';
import { openSocket } from '../support/raw-http.ts';

const LIMITS = { heartbeatMs: 60_000, stalledMs: 200, pressedMs: 200, bufferedBytesMax: 1024 * 1024 };
const BIG_BYTES = 256 * 1024;

let app: FastifyInstance | undefined;
afterEach(() => app?.close());

function event(index: number, body = Buffer.from('1')): StreamEvent {
  const message = {
    id: `${index}`,
    body,
    bodyKind: 'json',
    contentType: 'application/json',
    attributes: {},
    priority: 0,
    publishedAtMs: 0,
  } as const;
  return { kind: 'message', eventId: `${index}`, message };
}

/** A gateway whose broker can do nothing but stream this. */
async function serve(stream: Broker['stream'], limits = LIMITS): Promise<string> {
  const broker = { stream, ready: true } satisfies Partial<Broker>;
  app = buildApp({ broker: broker as unknown as Broker, streaming: limits });
  return app.listen({ host: '127.0.0.1', port: 0 });
}

const open = (url: string, headers = {}) => EventSource.open(url, '/v1/topics/t/stream', headers);

/** What never comes, and does not look at any signal. */
const stuck: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }),
};

describe('a stream', () => {
  it('ends properly when the application closes, though its source is stuck', async () => {
    const stream = await open(await serve(async () => stuck));
    await app?.close();
    await stream.ended();
    expect(stream.response.complete).toBe(true);
  });

  it('ends properly when its source ends', async () => {
    async function* two() {
      yield [event(1), event(2)];
    }
    const stream = await open(await serve(async () => two()));
    await stream.ended();
    expect([(await stream.next()).id, (await stream.next()).id]).toEqual(['1', '2']);
    expect(stream.response.complete).toBe(true);
  });

  it('ends properly when its source fails', async () => {
    async function* failing() {
      yield [event(1)];
      throw new BrokerError('unavailable', 'The ensemble is away.');
    }
    const stream = await open(await serve(async () => failing()));
    await stream.ended();
    expect(stream.response.complete).toBe(true);
  });

  it('is a problem when it cannot begin', async () => {
    const url = await serve(() => Promise.reject(new BrokerError('validation', 'Never an id.')));
    const { response } = await open(url, { 'last-event-id': 'x' });
    expect([response.statusCode, response.headers['content-type']]).toEqual([
      400,
      'application/problem+json',
    ]);
  });

  it('passes Last-Event-ID on, and takes an empty one for none', async () => {
    const given: (string | undefined)[] = [];
    const url = await serve(async (_topic, lastEventId) => {
      given.push(lastEventId);
      return stuck;
    });
    (await open(url, { 'last-event-id': 'a b' })).close();
    (await open(url, { 'last-event-id': '' })).close();
    (await open(url)).close();
    expect(given).toEqual(['a b', undefined, undefined]);
  });

  it('shows a gap as an event with data, which clients would ignore otherwise', async () => {
    async function* gap(): AsyncGenerator<readonly StreamEvent[]> {
      yield [{ kind: 'gap' }, event(7)];
    }
    const stream = await open(await serve(async () => gap()));
    expect(await stream.next()).toEqual({ event: 'gap', id: undefined, data: '{}' });
    expect((await stream.next()).id).toBe('7');
  });

  it('tells its source when the client goes away', async () => {
    let signal: CallSignal | undefined;
    const url = await serve(async (_topic, _id, call) => {
      signal = call.signal;
      return stuck;
    });
    (await open(url)).close();
    await expect.poll(() => signal?.aborted).toBe(true);
  });

  it('is dropped when its client does not read, and reads no more from its source meanwhile', async () => {
    let produced = 0;
    let signal: CallSignal | undefined;
    const body = Buffer.alloc(BIG_BYTES, '1');
    async function* endless() {
      for (;;) {
        produced += 1;
        yield [event(produced, body)];
      }
    }
    const url = await serve(async (_topic, _id, call) => {
      signal = call.signal;
      return endless();
    });
    const socket = openSocket(url);
    socket.pause();
    socket.on('error', () => {});
    socket.write('GET /v1/topics/t/stream HTTP/1.1\r\nHost: x\r\n\r\n');
    await expect.poll(() => signal?.aborted, { timeout: 10_000 }).toBe(true);
    // What the system's own buffers take is not ours to bound; endless it is not.
    expect(produced * BIG_BYTES).toBeLessThan(64 * 1024 * 1024);
    socket.destroy();
  });

  it('brings everything to a client that reads slowly', async () => {
    const body = Buffer.alloc(BIG_BYTES, '1');
    async function* many() {
      for (let index = 0; index < 40; index += 1) {
        yield [event(index, body)];
      }
    }
    const stream = await open(await serve(async () => many(), { ...LIMITS, stalledMs: 10_000 }));
    const pausing = setInterval(() => {
      stream.response.pause();
      setTimeout(() => stream.response.resume(), 5);
    }, 10);
    await stream.ended();
    clearInterval(pausing);
    for (let index = 0; index < 40; index += 1) {
      expect((await stream.next()).id).toBe(`${index}`);
    }
  });
});
