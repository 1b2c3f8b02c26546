/**
 * Gateways for the HTTP tests: real brokers on one real ZooKeeper server, listening on ports of their own.
 */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import supertest from 'supertest';
import { buildApp } from '../../src/app.ts';
import type { AuditEntry } from '../../src/audit-log.ts';
import { createMetrics } from '../../src/metrics/index.ts';
import { createBroker } from '../../src/queue/broker.ts';
import type { Broker } from '../../src/queue/index.ts';
import { systemRandom, systemTimers } from '../../src/queue/system-runtime.ts';
import { STREAM_LIMITS } from '../../src/routes/event-stream.ts';
import { openTestStore, silentLogger } from './test-store.ts';
import { waitUntil } from './wait-until.ts';
import { startZooKeeper } from './zookeeper-server.ts';

export interface TestGateways {
  /** Where each gateway listens. */
  readonly urls: readonly [string, ...string[]];
  /** Sends requests to the first gateway. */
  readonly api: ReturnType<typeof supertest>;
  /** Sends each request to a gateway picked at random. */
  readonly randomGateway: RandomGateway;
  /** What the audit log of the first gateway was told, in order. */
  readonly audited: readonly AuditEntry[];
  /** Makes an empty queue with a name of its own; answers its path. */
  createQueue(config?: object): Promise<string>;
  /** Returns once so many receives are under way, over all gateways. */
  untilReceiving(count: number): Promise<void>;
  /** Connections that are open at the first gateway. */
  connections(): Promise<number>;
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
  readonly audited: readonly AuditEntry[];
  readonly broker: Broker;
  readonly receiving: () => number;
  connections(): Promise<number>;
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
    audited: first.audited,
    randomGateway: randomGateway([first, ...others].map(({ url }) => url)),
    async createQueue(config = {}) {
      queues += 1;
      const path = `/v1/queues/test-${queues}`;
      await api.put(path).send(config).expect(201);
      return path;
    },
    untilReceiving: (count) =>
      waitUntil(
        () => [first, ...others].reduce((sum, { receiving }) => sum + receiving(), 0) === count,
        `${count} receives are under way`,
      ),
    connections: () => first.connections(),
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
  const receiving = countReceives(broker);
  const audited: AuditEntry[] = [];
  const app = buildApp({
    broker,
    streaming: { ...STREAM_LIMITS, heartbeatMs: 500 },
    metrics: (http) => createMetrics({ broker, http, store }),
    audit: { note: (entry) => void audited.push(entry) },
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  await becomeReady(app);
  return {
    url,
    audited,
    broker,
    receiving,
    connections: () =>
      new Promise((resolve, reject) => {
        app.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
      }),
    async stop() {
      broker.drain();
      app.server.closeAllConnections();
      await app.close();
      await broker.close();
      await store.close();
    },
  };
}

/** @returns how many are under way */
function countReceives(broker: Broker): () => number {
  let count = 0;
  const receive = broker.receive.bind(broker);
  broker.receive = async (...parameters) => {
    count += 1;
    try {
      return await receive(...parameters);
    } finally {
      count -= 1;
    }
  };
  return () => count;
}

async function becomeReady(app: FastifyInstance): Promise<void> {
  await waitUntil(async () => (await app.inject('/readyz')).statusCode === 200, 'the gateway becomes ready');
}
