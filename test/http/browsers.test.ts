/** What pages in browsers can do to a gateway without authentication: nothing. What programs can: everything. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOOPBACK_RULES } from '../../src/routes/http/authenticator.ts';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';
import { type RawAnswer, send } from '../support/raw-http.ts';

let gateways: TestGateways;
let url: string;
let queue: string;
beforeAll(async () => {
  gateways = await startTestGateways(1, LOOPBACK_RULES);
  url = gateways.urls[0];
  queue = await gateways.createQueue();
  await send(url, `${queue}/messages`, { body: 'kept' });
});
afterAll(() => gateways.stop());

/** What a page could do without asking the browser for more: take a message, for good. */
function take(headers: Record<string, string>): Promise<RawAnswer> {
  return send(url, `${queue}/messages/receive?autoAck=true`, { headers });
}

async function messages(): Promise<number> {
  return (await gateways.api.get(queue).expect(200)).body.stats.messages;
}

describe('a page of another site', () => {
  it.each([
    ['in a browser of today', { 'sec-fetch-site': 'cross-site' }],
    ['on another port of this machine', { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:1' }],
    ['in an older browser', { origin: 'https://evil.example' }],
    ['in a frame that hides where it comes from', { origin: 'null' }],
    ['that calls itself an address', { origin: 'http://127.0.0.1:1' }],
    ['that had its name point here', { host: 'evil.example:8080', origin: 'http://evil.example:8080' }],
    ['that had its name point here, without an origin', { host: 'evil.example' }],
    ['whose name only looks like an address', { host: '127.0.0.1.evil.example' }],
    ['whose name ends with a dot', { host: 'evil.example.:8080' }],
  ])('%s takes nothing', async (_what, headers) => {
    const { status, text } = await take(headers);
    expect([status, JSON.parse(text).code]).toEqual([403, 'forbidden']);
    expect(await messages()).toBe(1);
  });

  it('that had its name point here reads nothing either', async () => {
    const headers = { host: 'evil.example' };
    for (const path of ['/v1/queues', queue, `${queue}/messages`]) {
      expect((await send(url, path, { method: 'GET', headers })).status).toBe(403);
    }
  });

  it('may not even ask whether it may send more', async () => {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'PUT' };
    const answer = await send(url, queue, { method: 'OPTIONS', headers });
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('others', () => {
  it.each([
    ['a program', {}],
    ['a program on another machine’s behalf', { host: '192.168.1.10:8080' }],
    ['a load balancer that passes on a name of the network', { host: 'gateway1:8080' }],
    ['a program that says localhost', { host: 'localhost' }],
    ['a program that uses IPv6', { host: '[::1]:8080' }],
    ['the gateway’s own page', { host: '127.0.0.1:8080', origin: 'http://127.0.0.1:8080' }],
    ['its own page, in a browser of today', { 'sec-fetch-site': 'same-origin' }],
    ['a person', { 'sec-fetch-site': 'none' }],
  ])('%s may do everything', async (_what, headers) => {
    expect((await take(headers)).status).toBe(200);
    expect((await send(url, `${queue}/messages`, { headers, body: 'next' })).status).toBe(201);
  });

  it('may follow a link to it from anywhere', async () => {
    const headers = { 'sec-fetch-site': 'cross-site' };
    for (const path of ['/v1/queues', '/docs/', '/openapi.json']) {
      expect((await send(url, path, { method: 'GET', headers })).status).toBe(200);
    }
  });

  it('are told whether it runs, under whatever name', async () => {
    for (const path of ['/livez', '/readyz']) {
      expect((await send(url, path, { method: 'GET', headers: { host: 'a.b.c' } })).status).toBe(200);
    }
  });
});
