/** How a gateway with authentication goes about requests: in what order, how many, for how long, and what it logs. */
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAuthentication } from '../../src/access/index.ts';
import { buildApp } from '../../src/app.ts';
import { readConfiguration } from '../../src/config/environment.ts';
import { createLogger } from '../../src/logging.ts';
import { LOOPBACK_RULES } from '../../src/routes/http/authenticator.ts';
import type { HttpCounts } from '../../src/routes/http/http-counts.ts';
import { EventSource } from '../support/event-source.ts';
import { useGuardedGateways } from '../support/guarded-gateways.ts';
import { openSocket, send } from '../support/raw-http.ts';
import { silentLogger } from '../support/test-store.ts';
import { AUDIENCE, TokenIssuer } from '../support/token-issuer.ts';
import { waitUntil } from '../support/wait-until.ts';

let issuer: TokenIssuer;
beforeAll(async () => {
  issuer = await TokenIssuer.start();
});
afterAll(() => issuer.stop());

const everything = { publish: ['*'], consume: ['*'], manage: ['*'] };
const principals = {
  admin: { rights: everything },
  reader: { rights: { consume: ['news'] } },
  hasty: { rights: everything, requestsPerSecond: 0.01, burst: 3 },
  limited: { rights: everything },
};
const guarded = useGuardedGateways(principals, {
  variables: () => ({
    ZOOGATE_JWT_ISSUER: issuer.name,
    ZOOGATE_JWT_AUDIENCE: AUDIENCE,
    ZOOGATE_JWT_KEYS: issuer.keysUrl,
  }),
  rules: { recheckMs: 50 },
});
const { as } = guarded;

describe('a request that is refused', () => {
  it.each(['no key', 'a key without the right'])(
    'for %s is told so before its body is looked at',
    async (what) => {
      const headers = what === 'no key' ? {} : guarded.file.headersOf('reader');
      // Too large for every operation, not JSON, and of a type that is not taken.
      const answer = await send(guarded.gateways.urls[0], '/v1/queues/q/messages/ack', {
        headers: { ...headers, 'content-type': 'image/png', accept: 'image/png' },
        body: Buffer.alloc(10_000_000),
      });
      expect([what, answer.status]).toEqual([what, what === 'no key' ? 401 : 403]);
    },
  );

  it('leaves its connection in order for the next one', async () => {
    const { authorization } = guarded.file.headersOf('admin');
    const socket = openSocket(guarded.gateways.urls[0]);
    let received = '';
    const done = new Promise((resolve) => socket.on('close', resolve));
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString();
    });
    const body = 'x'.repeat(100_000);
    const head = `POST /v1/queues/q/messages HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`;
    socket.write(head + body);
    socket.write(
      `GET /v1/queues HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ${authorization}\r\n\r\n`,
    );
    await done;
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 401', 'HTTP/1.1 200']);
  });
});

describe('strangers', () => {
  it('take no room from others, however slowly they send what is refused', async () => {
    const { access } = readConfiguration({ ZOOGATE_PRINCIPALS_FILE: guarded.file.path });
    const authentication = await openAuthentication(access, silentLogger);
    let counted: HttpCounts | undefined;
    const app = buildApp({
      broker: { list: async () => ({ items: [] }) } as never,
      access: { ...LOOPBACK_RULES, authentication },
      load: { requestsMax: 1 },
      metrics({ counts }) {
        counted = counts;
        return async () => '';
      },
    });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const socket = openSocket(url);
    const met = once(app.server, 'request');
    socket.write('POST /v1/queues/q/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf');
    await met;
    const headers = guarded.file.headersOf('admin');
    const ask = async () => (await send(url, '/v1/queues', { method: 'GET', headers })).status;
    expect([await ask(), await ask()]).toEqual([200, 200]);
    const answered = once(socket, 'data');
    socket.write('-whole');
    expect(String(await answered)).toMatch(/^HTTP\/1\.1 401/);
    expect([await ask(), await ask()]).toEqual([200, 200]);
    // It has been answered like any other, and is counted so.
    const publishes = counted?.routes.find(
      ({ method, path }) => `${method} ${path}` === 'POST /v1/queues/{queue}/messages',
    );
    await waitUntil(() => publishes?.byStatus.has(401) === true, 'it is counted');
    expect(publishes?.abandoned).toBe(0);
    socket.destroy();
    await app.close();
    authentication?.close();
  });
});

describe('a token that cannot be checked now', () => {
  it('is told so with 503, for it may be good', async () => {
    const { access } = readConfiguration({
      ZOOGATE_JWT_ISSUER: issuer.name,
      ZOOGATE_JWT_AUDIENCE: AUDIENCE,
      // Nobody listens there.
      ZOOGATE_JWT_KEYS: 'http://127.0.0.1:1/keys',
    });
    const authentication = await openAuthentication(access, silentLogger);
    const app = buildApp({ broker: {} as never, access: { ...LOOPBACK_RULES, authentication } });
    const authorization = `Bearer ${await issuer.sign({})}`;
    const answer = await app.inject({ url: '/v1/queues', headers: { authorization } });
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'unavailable']);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.headers['www-authenticate']).toBeUndefined();
    await app.close();
    authentication?.close();
  });
});

describe('a stream', () => {
  it('ends when the key of its reader is withdrawn', async () => {
    await as('admin', 'PUT', '/v1/topics/news');
    const [url] = guarded.gateways.urls;
    const headers = guarded.file.headersOf('reader');
    const stream = await EventSource.open(url, '/v1/topics/news/stream', headers);
    await as('admin', 'POST', '/v1/topics/news/messages', { messages: [{ body: 1 }] });
    expect(await stream.bodies(1)).toEqual([1]);
    const { reader: _, ...others } = principals;
    await guarded.file.replace(others);
    await stream.ended();
    expect((await EventSource.open(url, '/v1/topics/news/stream', headers)).response.statusCode).toBe(401);
    await guarded.file.replace(principals);
  });

  it('ends when the right of its reader is gone', async () => {
    await as('admin', 'PUT', '/v1/topics/news');
    const headers = guarded.file.headersOf('limited');
    const stream = await EventSource.open(guarded.gateways.urls[0], '/v1/topics/news/stream', headers);
    expect(stream.response.statusCode).toBe(200);
    await guarded.file.replace({ ...principals, limited: { rights: { publish: ['news'] } } });
    await stream.ended();
    await guarded.file.replace(principals);
  });

  it('ends when the token of its reader has expired', async () => {
    await as('admin', 'PUT', '/v1/topics/news');
    // The clocks may be 5 s apart, so it is one that has expired by 1.
    const token = await issuer.sign({ zoogate: { consume: ['news'] } }, { expiresInSeconds: -1 });
    const headers = { authorization: `Bearer ${token}` };
    const stream = await EventSource.open(guarded.gateways.urls[0], '/v1/topics/news/stream', headers);
    expect(stream.response.statusCode).toBe(200);
    await stream.ended();
  });
});

describe('a principal that sends too many requests', () => {
  it('is told when to send the next, and disturbs nobody', async () => {
    const statuses = [];
    for (let sent = 0; sent < 4; sent += 1) statuses.push((await as('hasty', 'GET', '/v1/queues')).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    const { headers, body } = await as('hasty', 'PUT', '/v1/queues/never');
    expect(body.code).toBe('rate-limited');
    expect(Number(headers['retry-after'])).toSatisfy((seconds: number) => seconds > 90 && seconds <= 100);
    expect((await as('admin', 'GET', '/v1/queues/never')).status).toBe(404);
    expect((await send(guarded.gateways.urls[0], '/livez', { method: 'GET' })).status).toBe(200);
  });
});

describe('what is logged', () => {
  it('has the name of the principal, and nothing of its credentials', async () => {
    let log = '';
    const logger = createLogger(
      'trace',
      new Writable({
        write(chunk, _encoding, done) {
          log += chunk;
          done();
        },
      }),
    );
    const { access } = readConfiguration({
      ZOOGATE_PRINCIPALS_FILE: guarded.file.path,
      ZOOGATE_JWT_ISSUER: issuer.name,
      ZOOGATE_JWT_AUDIENCE: AUDIENCE,
      ZOOGATE_JWT_KEYS: issuer.keysUrl,
    });
    const authentication = await openAuthentication(access, logger);
    const broker = { list: async () => ({ items: [] }) };
    const app = buildApp({
      broker: broker as never,
      logger,
      access: { ...LOOPBACK_RULES, authentication },
    });
    const token = await issuer.sign({ sub: 'robot', zoogate: {} });
    const expired = await issuer.sign({ sub: 'robot' }, { expiresInSeconds: -60 });
    const wrong = `${guarded.file.keyOf('admin')}x`;
    for (const credentials of [guarded.file.keyOf('admin'), token, expired, wrong]) {
      await app.inject({ url: '/v1/queues', headers: { authorization: `Bearer ${credentials}` } });
    }
    await app.close();
    authentication?.close();
    const lines = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const requests = lines.filter(({ msg }) => msg === 'request');
    expect(requests.map(({ statusCode, principal }) => [statusCode, principal])).toEqual([
      [200, 'admin'],
      [200, 'jwt:robot'],
      [401, undefined],
      [401, undefined],
    ]);
    for (const secret of [guarded.file.keyOf('admin'), ...token.split('.'), ...expired.split('.'), wrong]) {
      expect(log).not.toContain(secret);
    }
    expect(log.toLowerCase()).not.toContain('bearer');
  });
});
