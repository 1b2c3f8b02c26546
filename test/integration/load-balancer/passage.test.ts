/**
 * What comes through nginx with `deploy/nginx.conf` unharmed, and what nginx itself answers with: problems, as a
 * gateway does. Behind it is a real gateway, named three times.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NginxServer } from '../../../chaos/nginx-server.ts';
import { findNginx } from '../../../scripts/nginx-installation.mjs';
import { PROBLEM_CODES, type ProblemCode, problemKind } from '../../../src/routes/http/problems.ts';
import { runCommands } from '../../support/command-steps.ts';
import { commandSteps, readDocument } from '../../support/documents.ts';
import { type LocalGateway, startLocalGateway } from '../../support/local-gateway.ts';
import { exchange, publishJson, send } from '../../support/raw-http.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { freePorts, startZooKeeper, type ZooKeeperServer } from '../../support/zookeeper-server.ts';

const OCTETS = { accept: 'application/octet-stream' };
const RECEIPTS_MAX = 1000;

describe.skipIf(findNginx() === undefined)('through nginx', { timeout: 60_000 }, () => {
  let server: ZooKeeperServer;
  let gateway: LocalGateway;
  let nginx: NginxServer;

  beforeAll(async () => {
    server = await startZooKeeper();
    const trust = { ZOOGATE_TRUSTED_PROXIES: '127.0.0.1' };
    gateway = await startLocalGateway(`${server.address}/passage`, trust);
    await gateway.whenReady();
    const [port = 0] = await freePorts(1);
    nginx = await NginxServer.start(port, Array(3).fill(Number(new URL(gateway.url).port)));
  });
  afterAll(async () => {
    await nginx?.stop();
    await gateway?.close();
    await server?.stop();
  });

  async function createQueue(): Promise<string> {
    const path = `/v1/queues/q-${randomUUID()}`;
    expect((await send(nginx.url, path, { method: 'PUT' })).status).toBe(201);
    return path;
  }

  /** The answer's status, and the problem that it has to be. */
  function problemIn(answer: string): { status: number; code: string } {
    const [head = '', text = ''] = answer.split('\r\n\r\n');
    expect(head).toMatch(/^content-type: application\/problem\+json\r?$/im);
    expect(head).toMatch(/^x-request-id: \S+\r?$/im);
    expect(head).toMatch(/^x-content-type-options: nosniff\r?$/im);
    const { code, type, title, status, detail } = JSON.parse(text);
    expect(PROBLEM_CODES).toContain(code);
    const kind = problemKind(code as ProblemCode);
    expect({ type, title, status }).toEqual({
      type: `/problems/${code}`,
      title: kind.title,
      status: kind.status,
    });
    expect(detail).toMatch(/\.$/);
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${kind.status} `));
    return { status, code };
  }

  test('attributes arrive whatever is in their names', async () => {
    const queue = await createQueue();
    const headers = {
      'content-type': 'text/plain',
      'zoogate-attribute-my_key': 'one',
      'zoogate-attribute-a.b': 'two',
      'zoogate-attribute-plain-one': 'three',
    };
    expect((await send(nginx.url, `${queue}/messages`, { headers, body: 'x' })).status).toBe(201);
    const answer = await send(nginx.url, `${queue}/messages/receive`, { headers: OCTETS });
    expect(answer.headers).toMatchObject({
      'zoogate-attribute-my_key': 'one',
      'zoogate-attribute-a.b': 'two',
      'zoogate-attribute-plain-one': 'three',
    });
  });

  test('the largest headers that a receive is answered with arrive, and nothing is lost', async () => {
    const queue = await createQueue();
    const messages = [{ body: 1, attributes: { note: 'x'.repeat(3_000) } }];
    await publishJson(nginx.url, queue, JSON.stringify({ messages }));
    const ack = Array.from({ length: RECEIPTS_MAX }, (_, index) => `no-receipt-${index}`);
    const answer = await send(nginx.url, `${queue}/messages/receive`, {
      headers: { ...OCTETS, 'content-type': 'application/json' },
      body: JSON.stringify({ autoAck: true, ack }),
    });
    expect(answer.status).toBe(200);
    expect(String(answer.headers['zoogate-acked']).split(', ')).toEqual(Array(RECEIPTS_MAX).fill('invalid'));
    expect(answer.headers['zoogate-attribute-note']).toHaveLength(3_000);
  });

  test('a message whose attributes do not fit into headers is not lost to autoAck', async () => {
    const queue = await createQueue();
    const messages = [{ body: 1, attributes: { note: 'x'.repeat(100_000) } }];
    await publishJson(nginx.url, queue, JSON.stringify({ messages }));
    const path = `${queue}/messages/receive?autoAck=true`;
    const refused = await send(nginx.url, path, { headers: OCTETS });
    expect([refused.status, JSON.parse(refused.text).code]).toEqual([406, 'not-acceptable']);
    expect(JSON.parse((await send(nginx.url, path)).text).messages).toMatchObject([{ deliveries: 1 }]);
  });

  test('the address of a client is told, and not what the client calls itself', async () => {
    const id = `request-${randomUUID()}`;
    const request = httpRequest(`${nginx.url}/v1/queues`, {
      localAddress: '127.0.0.2',
      headers: { 'x-forwarded-for': '203.0.113.9', 'x-request-id': id, connection: 'close' },
    });
    request.end();
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    answer.resume();
    await once(answer, 'end');
    const line = () => gateway.log.split('\n').find((each) => each.includes(id));
    await waitUntil(() => line() !== undefined, 'the request is logged');
    expect(JSON.parse(line() ?? '{}')).toMatchObject({ msg: 'request', remoteAddress: '127.0.0.2' });
  });

  test('HTTP/1.0 without Host is answered as it is without nginx', async () => {
    for (const url of [gateway.url, nginx.url]) {
      const answer = await exchange(url, 'GET /readyz HTTP/1.0\r\n\r\n');
      expect(answer, url).toMatch(/^HTTP\/1\.1 200 /);
    }
  });

  test('the requests of docs/deployment.md, which tell whether a load balancer is set up well, tell that it is', async () => {
    const steps = commandSteps(readDocument('docs/deployment.md'));
    expect(steps.length).toBeGreaterThan(0);
    const commands = steps.map(({ command }) => command.replaceAll('http://127.0.0.1:8080', nginx.url));
    expect(await runCommands(commands)).toEqual(steps.map(({ output }) => output));
  });

  test('what a gateway refuses keeps its own words', async () => {
    const queue = await createQueue();
    const messages = Array.from({ length: RECEIPTS_MAX + 1 }, () => ({ body: 1 }));
    const path = `${queue}/messages`;
    const headers = { 'content-type': 'application/json' };
    const answers = await Promise.all(
      [gateway.url, nginx.url].map((url) => send(url, path, { headers, body: JSON.stringify({ messages }) })),
    );
    expect(answers.map(({ status }) => status)).toEqual([413, 413]);
    expect(answers[1]?.text).toBe(answers[0]?.text);
    const id = `request-${randomUUID()}`;
    const found = await send(nginx.url, queue, { method: 'GET', headers: { 'x-request-id': id } });
    expect(found.headers['x-request-id']).toBe(id);
  });

  const closing = 'Host: x\r\nConnection: close\r\n';
  test.each<[string, string, ProblemCode]>([
    [
      'a body beyond its limit',
      `POST /v1/queues/q/messages HTTP/1.1\r\n${closing}Content-Length: 99000000\r\n\r\n`,
      'payload-too-large',
    ],
    ['a path beyond its limit', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n${closing}\r\n`, 'uri-too-long'],
    [
      'a header beyond its limit',
      `GET /livez HTTP/1.1\r\n${closing}X: ${'x'.repeat(20_000)}\r\n\r\n`,
      'headers-too-large',
    ],
    ['no Host', 'GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n', 'validation'],
    ['what is not HTTP', 'what is this\r\n\r\n', 'validation'],
    ['a method of its own', `TRACE / HTTP/1.1\r\n${closing}\r\n`, 'method-not-allowed'],
    [
      'an encoding of its own',
      `POST /v1/queues/q/messages HTTP/1.1\r\n${closing}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
      'not-implemented',
    ],
    ['the metrics', `GET /metrics HTTP/1.1\r\n${closing}\r\n`, 'not-found'],
  ])('%s is refused by nginx in the form of a problem', async (_what, request, code) => {
    expect(problemIn(await exchange(nginx.url, request)).code).toBe(code);
  });
});
