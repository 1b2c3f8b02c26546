/**
 * Gateways for the HTTP tests: real brokers on one real ZooKeeper server, listening on ports of their own.
 */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import supertest from 'supertest';
import { buildApp } from '../../src/app.ts';
import { createBroker } from '../../src/queue/broker.ts';
import type { Broker } from '../../src/queue/index.ts';
import { systemRandom, systemTimers } from '../../src/queue/system-runtime.ts';
import { STREAM_LIMITS } from '../../src/routes/event-stream.ts';
import { openTestStore, patienceMs, silentLogger } from './test-store.ts';
import { startZooKeeper } from './zookeeper-server.ts';

export interface TestGateways {
  /** Where each gateway listens. */
  readonly urls: readonly [string, ...string[]];
  /** Sends requests to the first gateway. */
  readonly api: ReturnType<typeof supertest>;
  /** Sends each request to a gateway picked at random. */
  readonly randomGateway: RandomGateway;
  /** Makes an empty queue with a name of its own; answers its path. */
  createQueue(config?: object): Promise<string>;
  /** Of the first gateway. */
  drain(): void;
  stop(): Promise<void>;
}

export type RandomGateway = Pick<
  ReturnType<typeof supertest>,
  'get' | 'put' | 'post' | 'patch' | 'delete'
> & {
  /** The URL of one of them. */
  url(): string;
};

interface TestGateway {
  readonly url: string;
  readonly broker: Broker;
  stop(): Promise<void>;
}

/** One gateway unless told otherwise, on a server and a chroot of their own. */
export async function startTestGateways(count = 1): Promise<TestGateways> {
  const server = await startZooKeeper();
  const chroot = `${server.address}/http-${randomUUID()}`;
  const first = await startTestGateway(chroot);
  const others = await Promise.all(Array.from({ length: count - 1 }, () => startTestGateway(chroot)));
  const api = supertest(first.url);
  let queues = 0;
  return {
    urls: [first.url, ...others.map(({ url }) => url)],
    api,
    randomGateway: randomGateway([first, ...others].map(({ url }) => url)),
    async createQueue(config = {}) {
      queues += 1;
      const path = `/v1/queues/test-${queues}`;
      await api.put(path).send(config).expect(201);
      return path;
    },
    drain: () => first.broker.drain(),
    async stop() {
      await Promise.all([first, ...others].map((gateway) => gateway.stop()));
      await server.stop();
    },
  };
}

function randomGateway(urls: readonly string[]): RandomGateway {
  const url = () => urls[Math.floor(Math.random() * urls.length)] ?? '';
  return {
    url,
    get: (path) => supertest(url()).get(path),
    put: (path) => supertest(url()).put(path),
    post: (path) => supertest(url()).post(path),
    patch: (path) => supertest(url()).patch(path),
    delete: (path) => supertest(url()).delete(path),
  };
}

async function startTestGateway(connectionString: string): Promise<TestGateway> {
  const store = await openTestStore(connectionString);
  const broker = createBroker({
    store,
    timers: systemTimers,
    random: systemRandom,
    logger: silentLogger,
    requestTimeoutMs: 10_000,
    entryCacheBytesMax: 16 * 1024 * 1024,
  });
  const app = buildApp({ broker, streaming: { ...STREAM_LIMITS, heartbeatMs: 500 } });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  await becomeReady(app);
  return {
    url,
    broker,
    async stop() {
      broker.drain();
      app.server.closeAllConnections();
      await app.close();
      await broker.close();
      await store.close();
    },
  };
}

async function becomeReady(app: FastifyInstance): Promise<void> {
  const deadlineMs = Date.now() + patienceMs;
  while ((await app.inject('/readyz')).statusCode !== 200) {
    if (Date.now() > deadlineMs) {
      throw new Error('the gateway does not become ready');
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
