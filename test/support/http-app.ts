/**
 * Gateways for the HTTP tests: real brokers on a real ZooKeeper server, listening on ports of their own.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import supertest from 'supertest';
import { inject } from 'vitest';
import { makeApiKey } from '../../src/access/api-key.ts';
import { openAuthentication } from '../../src/access/index.ts';
import { buildApp } from '../../src/app.ts';
import type { AuditEntry } from '../../src/audit/audit-log.ts';
import { readConfiguration } from '../../src/config/environment.ts';
import { createMetrics } from '../../src/metrics/index.ts';
import { createBroker } from '../../src/queue/broker.ts';
import type { Broker } from '../../src/queue/index.ts';
import { systemRandom, systemTimers } from '../../src/queue/runtime/system-runtime.ts';
import { type AccessRules, LOOPBACK_RULES } from '../../src/routes/http/authenticator.ts';
import { STREAM_LIMITS } from '../../src/routes/http/event-stream.ts';
import { readVersion } from '../../src/version.ts';
import { credentialsFor, sendKey } from './credentials.ts';
import { documentedAnswers } from './documented-answers.ts';
import { openTestStore, silentLogger } from './test-store.ts';
import { waitUntil } from './wait-until.ts';
import { startZooKeeper } from './zookeeper-server.ts';

export interface TestGateways {
  /** Where each gateway listens. */
  readonly urls: readonly [string, ...string[]];
  /** Sends requests to the first gateway. */
  readonly api: Api;
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

/** Every answer must be as the OpenAPI document describes it, or the test fails. */
type Api = Pick<ReturnType<typeof supertest>, 'get' | 'put' | 'post' | 'patch' | 'delete'>;

export type RandomGateway = Api & {
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

/** One gateway unless told otherwise, on a chroot of their own, and a server of their own where none is shared. */
export async function startTestGateways(count = 1, access?: Partial<AccessRules>): Promise<TestGateways> {
  const server = await zooKeeper();
  const chroot = `${server.address}/http-${randomUUID()}`;
  const key = access === undefined ? await keyOfEnvironment() : undefined;
  const rules = { ...LOOPBACK_RULES, ...access, ...key?.access };
  const start = () => startTestGateway(chroot, rules);
  const first = await start();
  const others = await Promise.all(Array.from({ length: count - 1 }, start));
  if (key !== undefined && key.text !== '') for (const { url } of [first, ...others]) sendKey(url, key.text);
  const api = apiAt(() => first.url);
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

/** The one that the project's files share, which others stop; or, where there is none, a new one. */
async function zooKeeper(): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const shared = inject('projectZooKeeper');
  return shared === undefined ? startZooKeeper() : { address: shared, stop: async () => {} };
}

/**
 * Unless a test says otherwise gateways ask for a key, and everything that tests send through `test/support` has it.
 * With TEST_ACCESS=none they ask for nothing: the same tests must pass. With TEST_ACCESS=no-key they ask for a key, and
 * nobody has it: then all must fail but those that need none.
 */
async function keyOfEnvironment(): Promise<{ text: string; access: Partial<AccessRules> } | undefined> {
  const { TEST_ACCESS: mode = 'key' } = process.env;
  if (mode === 'none') return undefined;
  if (mode !== 'key' && mode !== 'no-key')
    throw new Error(`TEST_ACCESS must be none, key or no-key, not ${mode}`);
  const { key, hash } = makeApiKey(randomBytes);
  const configuration = readConfiguration({ ZOOGATE_API_KEY_HASH: hash });
  const authentication = await openAuthentication(configuration.access, silentLogger);
  return { text: mode === 'key' ? key : '', access: { authentication } };
}

/** Sends requests to a gateway, with the credentials that it needs. */
function client(url: string): ReturnType<typeof supertest> {
  return supertest.agent(url).set(credentialsFor(url));
}

function randomGateway(urls: readonly string[]): RandomGateway {
  const url = () => urls[Math.floor(Math.random() * urls.length)] ?? '';
  return { url, ...apiAt(url) };
}

function apiAt(url: () => string): Api {
  const checkAnswer = documentedAnswers();
  const watched = (test: supertest.Test): supertest.Test =>
    test.expect(({ status, headers, text = '' }) => {
      checkAnswer({ method: test.method, path: new URL(test.url).pathname, status, headers, text });
    });
  return {
    get: (path) => watched(client(url()).get(path)),
    put: (path) => watched(client(url()).put(path)),
    post: (path) => watched(client(url()).post(path)),
    patch: (path) => watched(client(url()).patch(path)),
    delete: (path) => watched(client(url()).delete(path)),
  };
}

async function startTestGateway(connectionString: string, access: AccessRules): Promise<TestGateway> {
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
    access,
    streaming: { ...STREAM_LIMITS, heartbeatMs: 500 },
    metrics: (http) => createMetrics({ broker, http, store, version: readVersion() }),
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
