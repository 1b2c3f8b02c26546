import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';
import { exchange, openSocket, send } from '../support/raw-http.ts';
import { waitUntil } from '../support/wait-until.ts';

let gateways: TestGateways;
let url: string;
let queue: string;
beforeAll(async () => {
  gateways = await startTestGateways();
  url = gateways.urls[0];
  queue = await gateways.createQueue();
});
afterAll(() => gateways.stop());

/** The problem of an answer as it came over the wire. */
function problemOn(wire: string): { status: number; contentType: string; code: string } {
  const [head = '', body = ''] = wire.split('\r\n\r\n');
  return {
    status: Number(head.split(' ')[1]),
    contentType: /content-type: (.*)/i.exec(head)?.[1] ?? '',
    code: JSON.parse(body).code,
  };
}

describe('unknown paths and methods', () => {
  it.each([
    '/v1',
    '/v1/queues/a/b',
    '/v2/queues',
    '/V1/queues',
    '/v1//queues',
    '/v1/queues/../queues',
    '/v1/queues/',
    '/v1/queues//messages',
    '/v1/queues/a/',
    '/livez/',
    '/v1/topics/a/subscriptions/',
  ])('%s is 404', async (path) => {
    const answer = await send(url, path, { method: 'GET' });
    expect([answer.status, answer.headers['content-type']]).toEqual([404, 'application/problem+json']);
    expect(JSON.parse(answer.text)).toMatchObject({
      type: '/problems/not-found',
      status: 404,
      code: 'not-found',
    });
  });

  it.each([
    ['POST', '/v1/queues/a', 'PUT, PATCH, GET, DELETE, HEAD, OPTIONS'],
    ['DELETE', '/v1/queues', 'GET, HEAD, OPTIONS'],
    ['PUT', '/v1/queues/a/messages', 'POST, GET, HEAD, OPTIONS'],
    ['GET', '/v1/queues/a/messages/receive', 'POST, OPTIONS, DELETE'],
    ['GET', '/v1/queues/a/purge', 'POST, OPTIONS'],
    ['POST', '/livez', 'GET, HEAD, OPTIONS'],
    ['POST', '/openapi.json', 'GET, HEAD, OPTIONS'],
    ['PROPFIND', '/v1/queues', 'GET, HEAD, OPTIONS'],
    ['TRACE', '/v1/queues', 'GET, HEAD, OPTIONS'],
  ])('%s %s is 405 with Allow', async (method, path, allow) => {
    const answer = await send(url, path, { method });
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([405, 'method-not-allowed']);
    expect(answer.headers.allow?.split(', ').sort()).toEqual(allow.split(', ').sort());
  });

  it('OPTIONS tells the methods, HEAD answers like GET without a body', async () => {
    const options = await send(url, '/v1/queues', { method: 'OPTIONS' });
    expect([options.status, options.headers.allow]).toEqual([204, 'GET, HEAD, OPTIONS']);
    const head = await send(url, queue, { method: 'HEAD' });
    expect([head.status, head.text, head.headers.etag]).toEqual([200, '', expect.stringMatching(/^".+"$/)]);
  });

  it('OPTIONS * tells the methods of the server as a whole, CONNECT is none of them', async () => {
    const options = await exchange(url, 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(options).toMatch(/^HTTP\/1\.1 204 /);
    expect(options).toMatch(/^allow: GET, HEAD, PUT, POST, PATCH, DELETE, OPTIONS\r$/im);
    expect(options).toMatch(/^x-request-id: /im);
    const tunnel = await exchange(url, 'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(problemOn(tunnel)).toMatchObject({ status: 405, code: 'method-not-allowed' });
  });

  it('an absolute target is taken for its path', async () => {
    const to = (target: string) =>
      exchange(url, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(await to('http://anywhere:1/livez')).toContain('200 OK');
    expect(problemOn(await to('http://anywhere/v1/queues/a/purge'))).toMatchObject({ status: 405 });
    expect(problemOn(await to('http://anywhere/nowhere'))).toMatchObject({ status: 404 });
  });

  it('refuses a method for an unknown path before it reads the body', async () => {
    const answer = await send(url, '/nowhere', { body: Buffer.alloc(3_000_000) });
    expect(answer.status).toBe(404);
  });
});

describe('forms of answers and requests', () => {
  it.each([
    ['GET', '', 'text/html'],
    ['PUT', '', 'application/xml'],
    ['GET', '/messages', 'application/octet-stream'],
    ['POST', '/messages', 'text/plain, application/json;q=0'],
    ['POST', '/messages/receive', 'image/png'],
    ['POST', '/messages/ack', 'text/*'],
  ])('%s …%s with Accept: %s is 406', async (method, suffix, accept) => {
    const answer = await send(url, `${queue}${suffix}`, { method, headers: { accept } });
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([406, 'not-acceptable']);
  });

  it('does not ask what is acceptable where there is nothing to answer', async () => {
    const answer = await send(url, `${queue}/purge`, { headers: { accept: 'image/png' } });
    expect(answer.status).toBe(204);
  });

  it.each([
    ['PATCH', '', 'accept-patch', 'application/merge-patch+json, application/json'],
    ['POST', '/messages/ack', 'accept-post', 'application/json'],
    ['PUT', '', 'accept', 'application/json'],
  ])('415 to a %s …%s tells in %s what is taken', async (method, suffix, header, types) => {
    const headers = { 'content-type': 'application/xml' };
    const answer = await send(url, `${queue}${suffix}`, { method, headers, body: '<a/>' });
    expect([answer.status, answer.headers[header]]).toEqual([415, types]);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'application/ld+json'])(
    'a receive with a body of type %s is 415',
    async (type) => {
      const answer = await send(url, `${queue}/messages/receive`, {
        headers: { 'content-type': type },
        body: '{}',
      });
      expect([answer.status, JSON.parse(answer.text).code]).toEqual([415, 'unsupported-media-type']);
    },
  );

  it('a compressed body is 415, and nothing is stored', async () => {
    const headers = { 'content-encoding': 'gzip', 'content-type': 'text/plain' };
    const answer = await send(url, `${queue}/messages`, { headers, body: 'x' });
    expect([answer.status, answer.headers['accept-encoding']]).toEqual([415, 'identity']);
    expect((await gateways.api.get(queue)).body.stats.messages).toBe(0);
  });

  it('a body without a content type is 415 where JSON is expected', async () => {
    const answer = await send(url, `${queue}/messages/ack`, { body: '{"receipts":["x"]}' });
    expect(answer.status).toBe(415);
  });

  it.each([
    ['PUT', '', 65 * 1024],
    ['POST', '/purge', 17 * 1024],
    ['POST', '/messages/ack', 1025 * 1024],
    ['POST', '/messages/receive', 1025 * 1024],
  ])('a body that is too large for %s …%s is 413', async (method, suffix, length) => {
    const answer = await send(url, `${queue}${suffix}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: Buffer.alloc(length, ' '),
    });
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([413, 'payload-too-large']);
  });
});

describe('requests that are not even HTTP', () => {
  it.each([
    ['nonsense\r\n\r\n', 400, 'validation'],
    ['GET / HTTP/9.9\r\n\r\n', 400, 'validation'],
    ['GET /livez HTTP/1.1\r\n\r\n', 400, 'validation'],
    ['GET /livez HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n', 400, 'validation'],
    [
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
      'validation',
    ],
    ['GET /livez HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n', 400, 'validation'],
    ['GET /livez HTTP/1.1\r\nHost: x\r\nhost: y\r\n\r\n', 400, 'validation'],
    ['GET /nowhere HTTP/1.1\r\nHost: x/y\r\nConnection: close\r\n\r\n', 400, 'validation'],
    [
      'POST /v1/queues/a/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
      501,
      'not-implemented',
    ],
    ['GET /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n', 400, 'validation'],
    ['GET /livez HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n', 400, 'validation'],
    [`GET /livez HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`, 431, 'headers-too-large'],
    [`GET /${'x'.repeat(17_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431, 'headers-too-large'],
  ])('%# get a problem too', async (bytes, status, code) => {
    const withClose = bytes
      .replace('Host: x\r\n', 'Host: x\r\nConnection: close\r\n')
      .replace('HTTP/1.1\r\n\r\n', 'HTTP/1.1\r\nConnection: close\r\n\r\n');
    expect(problemOn(await exchange(url, withClose))).toEqual({
      status,
      contentType: 'application/problem+json',
      code,
    });
  });

  it('gets an answer in HTTP/1.0 without a Host', async () => {
    expect(await exchange(url, 'GET /livez HTTP/1.0\r\n\r\n')).toContain('200 OK');
  });

  it('survives a client that leaves in the middle of its body', async () => {
    const before = await gateways.connections();
    const socket = openSocket(url);
    socket.write(`POST ${queue}/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf`);
    await waitUntil(async () => (await gateways.connections()) > before, 'it is connected');
    socket.destroy();
    await waitUntil(async () => (await gateways.connections()) <= before, 'it is gone');
    expect((await gateways.api.get(queue).expect(200)).body.stats.messages).toBe(0);
  });
});

describe('every answer', () => {
  it.each([
    '/livez',
    '/nowhere',
    '/v1/queues/%zz',
    `/v1/queues/${'x'.repeat(5000)}`,
    '/docs/static/nonsense',
  ])('to %s has a request id', async (path) => {
    const { status, headers } = await send(url, path, { method: 'GET' });
    expect(headers).toMatchObject({
      'x-request-id': expect.any(String),
      'x-content-type-options': 'nosniff',
    });
    if (status !== 200) {
      expect(headers['content-type']).toBe('application/problem+json');
    }
  });

  it('carries a request id, that of the request when it is sane', async () => {
    const given = await send(url, '/livez', { method: 'GET', headers: { 'x-request-id': 'abc-1' } });
    expect(given.headers['x-request-id']).toBe('abc-1');
    for (const id of ['x'.repeat(200), 'a b', '"']) {
      const made = await send(url, '/nowhere', { method: 'GET', headers: { 'x-request-id': id } });
      expect(made.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('tells browsers not to guess its type, and caches not to keep it', async () => {
    const { headers } = await send(url, queue, { method: 'GET' });
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
  });
});

describe('the pages of problems', () => {
  it('explain every problem', async () => {
    const page = await gateways.api
      .get('/problems/lease-lost')
      .expect(200)
      .expect('Content-Type', /text\/plain/);
    expect(page.text).toContain('410');
    await gateways.api.get('/problems/nonsense').expect(400);
  });
});
