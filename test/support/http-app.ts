/**
 * Gateways for the HTTP tests, listening on ports of their own.
 */
import supertest from 'supertest';
import { buildApp } from '../../src/app.ts';
import { createStubBroker } from './stub-broker.ts';

export interface TestGateways {
  /** Where each gateway listens. */
  readonly urls: readonly [string, ...string[]];
  /** Sends requests to the first gateway. */
  readonly api: ReturnType<typeof supertest>;
  /** Makes an empty queue with a name of its own; answers its path. */
  createQueue(config?: object): Promise<string>;
  drain(): void;
  stop(): Promise<void>;
}

export async function startTestGateways(): Promise<TestGateways> {
  const broker = createStubBroker();
  const app = buildApp({ broker });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const api = supertest(url);
  let queues = 0;
  return {
    urls: [url],
    api,
    async createQueue(config = {}) {
      queues += 1;
      const path = `/v1/queues/test-${queues}`;
      await api.put(path).send(config).expect(201);
      return path;
    },
    drain: () => broker.drain(),
    async stop() {
      broker.drain();
      app.server.closeAllConnections();
      await app.close();
      await broker.close();
    },
  };
}
