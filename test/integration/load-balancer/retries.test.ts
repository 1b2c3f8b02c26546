/**
 * Which requests `deploy/nginx.conf` passes on to another gateway, in each way in which a gateway can fail. The
 * gateways are stand-ins that fail on command: a request that one has read in full counts as executed.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkNginxConfiguration, NginxServer } from '../../../chaos/nginx-server.ts';
import { findNginx } from '../../../scripts/nginx-installation.mjs';
import { waitUntil } from '../../support/wait-until.ts';
import { freePorts } from '../../support/zookeeper-server.ts';

type Failure = 'none' | 'says 503' | 'says 504' | 'breaks' | 'breaks in its answer' | 'refuses connections';

class StandIn {
  failure: Failure = 'none';
  /** Requests that have begun to arrive. */
  asked = 0;
  readonly executed: string[] = [];
  readonly #port: number;
  #server: Server | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  async start(): Promise<void> {
    this.#server = createServer((request, response) => void this.#handle(request, response).catch(() => {}));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  async fail(failure: Failure): Promise<void> {
    this.failure = failure;
    if (failure === 'refuses connections') await this.stop();
    else if (this.#server === undefined) await this.start();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked += 1;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const answer = (status: number, code: string) => {
      const headers = { 'content-type': 'application/problem+json', 'retry-after': '7' };
      response.writeHead(status, headers).end(JSON.stringify({ code, detail: 'of the gateway' }));
    };
    if (this.failure === 'says 503') return answer(503, 'unavailable');
    this.executed.push(body === '' ? String(request.headers['x-key']) : body);
    if (this.failure === 'says 504') return answer(504, 'outcome-unknown');
    if (this.failure === 'breaks') return void request.socket.destroy();
    response.writeHead(200, { 'content-length': Buffer.byteLength(body) });
    if (this.failure !== 'breaks in its answer') return void response.end(body);
    response.flushHeaders();
    setImmediate(() => request.socket.destroy());
  }
}

interface Result {
  /** 0 when the answer broke off. */
  readonly status: number;
  readonly text: string;
  readonly type: string | null;
  readonly retryAfter: string | null;
  readonly executed: number;
}

describe.skipIf(findNginx() === undefined)('behind nginx', () => {
  let gateways: StandIn[] = [];
  let nginx: NginxServer;

  beforeAll(async () => {
    const [port = 0, ...ports] = await freePorts(4);
    gateways = ports.map((each) => new StandIn(each));
    await Promise.all(gateways.map((gateway) => gateway.start()));
    nginx = await NginxServer.start(port, ports);
  });
  beforeEach(async () => {
    await fail('none', 'none', 'none');
    // Those that had failed are shut out for a moment.
    const before = gateways.map(({ asked }) => asked);
    const allAreAsked = async () => {
      await send('GET', 3);
      return gateways.every(({ asked }, index) => asked > (before[index] ?? 0));
    };
    await waitUntil(allAreAsked, 'all gateways are taken for well');
  });
  afterAll(async () => {
    await nginx.stop();
    await Promise.all(gateways.map((gateway) => gateway.stop()));
  });

  async function fail(...failures: [Failure, Failure, Failure]): Promise<void> {
    await Promise.all(gateways.map((gateway, index) => gateway.fail(failures[index] ?? 'none')));
  }

  /** One after the other, so that they come by all gateways that are not shut out. */
  async function send(method: 'POST' | 'GET' | 'PUT', count = 12, bodyBytes = 100): Promise<Result[]> {
    const results: Result[] = [];
    for (let index = 0; index < count; index += 1) {
      const key = randomUUID();
      const body = method === 'GET' ? {} : { body: key.padEnd(bodyBytes, 'x') };
      const path = `${nginx.url}/v1/queues/orders/messages`;
      const answer = await fetch(path, { method, ...body, headers: { 'x-key': key } });
      const text = await answer.text().catch(() => undefined);
      const executed = gateways.flatMap((gateway) => gateway.executed).filter((each) => each.startsWith(key));
      // A repeated request is the same to the last byte.
      for (const each of executed) expect(each).toBe(body.body ?? key);
      results.push({
        status: text === undefined ? 0 : answer.status,
        text: text ?? '',
        type: answer.headers.get('content-type'),
        retryAfter: answer.headers.get('retry-after'),
        executed: executed.length,
      });
    }
    return results;
  }

  const statuses = (results: readonly Result[]) => [...new Set(results.map(({ status }) => status))].sort();
  const executions = (results: readonly Result[]) =>
    [...new Set(results.map(({ executed }) => executed))].sort();

  test.each(['POST', 'PUT', 'GET'] as const)(
    'a %s that a gateway answers with 503 goes to another one',
    async (method) => {
      await fail('says 503', 'none', 'none');
      const asked = gateways[0]?.asked ?? 0;
      const results = await send(method);
      expect(statuses(results)).toEqual([200]);
      expect(executions(results)).toEqual([1]);
      expect(gateways[0]?.asked).toBeGreaterThan(asked);
    },
  );

  test('a POST finds the one gateway of three that does not answer with 503, with a body that fills files', async () => {
    await fail('says 503', 'says 503', 'none');
    const results = await send('POST', 12, 1_500_000);
    expect(statuses(results)).toEqual([200]);
    expect(executions(results)).toEqual([1]);
  });

  test.each(['POST', 'GET'] as const)(
    'a %s that all answer with 503 gets their own answer',
    async (method) => {
      await fail('says 503', 'says 503', 'says 503');
      const results = await send(method, 40);
      expect(statuses(results)).toEqual([503]);
      expect(executions(results)).toEqual([0]);
      for (const { text, type, retryAfter } of results) {
        expect({ text, type, retryAfter }).toEqual({
          text: '{"code":"unavailable","detail":"of the gateway"}',
          type: 'application/problem+json',
          retryAfter: '7',
        });
      }
    },
  );

  test('a POST that a gateway has read before it broke is executed once, and its outcome said to be unknown', async () => {
    await fail('breaks', 'none', 'none');
    const results = await send('POST', 30);
    expect(statuses(results)).toEqual([200, 504]);
    expect(executions(results)).toEqual([1]);
    for (const { text, type } of results.filter(({ status }) => status === 504)) {
      expect(type).toBe('application/problem+json');
      expect(JSON.parse(text)).toMatchObject({
        status: 504,
        code: 'outcome-unknown',
        type: '/problems/outcome-unknown',
      });
    }
  });

  test('a POST is executed once by gateways that break, also after another one has answered it with 503', async () => {
    await fail('says 503', 'breaks', 'breaks');
    const results = await send('POST', 60);
    // Those that break are shut out for moments, in which there is only the 503.
    const outcomes = new Set(results.map(({ status, executed }) => `${status}, executed ${executed}`));
    expect(outcomes).toContain('504, executed 1');
    outcomes.delete('503, executed 0');
    expect([...outcomes]).toEqual(['504, executed 1']);
  });

  test('a POST that a gateway answers with 504 keeps that answer', async () => {
    await fail('says 504', 'says 504', 'says 504');
    const results = await send('POST');
    expect(statuses(results)).toEqual([504]);
    expect(executions(results)).toEqual([1]);
    for (const { text } of results)
      expect(JSON.parse(text)).toEqual({ code: 'outcome-unknown', detail: 'of the gateway' });
  });

  test('a POST whose answer breaks off is not sent again', async () => {
    await fail('breaks in its answer', 'breaks in its answer', 'breaks in its answer');
    const results = await send('POST');
    expect(executions(results)).toEqual([1]);
    expect(statuses(results)).toEqual([0]);
  });

  test('a POST that could not be sent to a gateway goes to another one', async () => {
    await fail('refuses connections', 'refuses connections', 'none');
    const results = await send('POST');
    expect(statuses(results)).toEqual([200]);
    expect(executions(results)).toEqual([1]);
  });

  test.each(['POST', 'PUT', 'GET'] as const)(
    'of a %s that could be sent to nobody it is said that nothing was changed, and to try again',
    async (method) => {
      await fail('refuses connections', 'refuses connections', 'refuses connections');
      // More than it takes for all to be shut out.
      const results = await send(method, 30);
      expect(statuses(results)).toEqual([503]);
      expect(executions(results)).toEqual([0]);
      for (const { text, type, retryAfter } of results) {
        expect({ type, retryAfter }).toEqual({ type: 'application/problem+json', retryAfter: '1' });
        expect(JSON.parse(text)).toMatchObject({ status: 503, code: 'unavailable' });
      }
    },
  );

  test('a POST that one answers with 503, and that can be sent to no other, has changed nothing', async () => {
    await fail('says 503', 'refuses connections', 'refuses connections');
    const results = await send('POST', 30);
    expect(statuses(results)).toEqual([503]);
    expect(executions(results)).toEqual([0]);
  });

  test('of a PUT or a GET that all have broken it is said what is known', async () => {
    await fail('breaks', 'breaks', 'breaks');
    const [put] = await send('PUT', 1);
    expect([put?.status, JSON.parse(put?.text ?? '{}').code]).toEqual([504, 'outcome-unknown']);
    const [get] = await send('GET', 1);
    expect([get?.status, JSON.parse(get?.text ?? '{}').code]).toEqual([503, 'unavailable']);
  });

  test.each(['GET', 'PUT'] as const)('a %s goes to another gateway when one breaks', async (method) => {
    await fail('breaks', 'none', 'none');
    const results = await send(method);
    expect(statuses(results)).toEqual([200]);
  });

  test('its own check finds nothing wrong with the configuration, nor anything to warn of', async () => {
    expect(await checkNginxConfiguration()).toEqual({ exitCode: 0, complaints: [] });
  });

  test('metrics are not to be had', async () => {
    expect((await fetch(`${nginx.url}/metrics`)).status).toBe(404);
  });
});
