/** Where one request ends and the next begins: what becomes of answers when bytes behind a request make no sense. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { credentialLineFor } from '../support/credentials.ts';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';
import { exchange, openSocket, send } from '../support/raw-http.ts';

let gateways: TestGateways;
let url: string;
let queue: string;
beforeAll(async () => {
  gateways = await startTestGateways();
  url = gateways.urls[0];
});
beforeEach(async () => {
  queue = await gateways.createQueue();
});
afterAll(() => gateways.stop());

const stored = async () => (await gateways.api.get(queue).expect(200)).body.stats.messages;
const statuses = (wire: string) =>
  [...wire.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));
const head = (path: string) =>
  `POST ${queue}/messages${path} HTTP/1.1\r\nHost: test\r\n${credentialLineFor(url)}`;
const publish = (body: string) =>
  `${head('')}Content-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const receive = (query: string) => `${head(`/receive?${query}`)}Content-Length: 0\r\n\r\n`;

describe('bytes that make no sense behind requests', () => {
  it('do not change the answer of one whose Content-Length is one too short', async () => {
    const wire = await exchange(url, `${publish('a message')}!`);
    expect(statuses(wire)).toEqual([201]);
    expect(wire).toMatch(/^connection: close\r$/im);
    expect(await stored()).toBe(1);
  });

  it('do not change those of several that are under way, nor of one that waits', async () => {
    const [nothing, three] = await Promise.all([
      exchange(url, `${receive('waitSeconds=1&leaseSeconds=0.5&max=9')}\0`),
      exchange(url, `${publish('1')}${publish('2')}${publish('3')}nonsense\r\n\r\n${publish('4')}`),
    ]);
    expect([statuses(nothing), statuses(three)]).toEqual([[200], [201, 201, 201]]);
    expect(await stored()).toBe(3);
  });

  it('are refused behind the answers that are under way when they are the body of the next request', async () => {
    const broken = `${head('')}Transfer-Encoding: chunked\r\n\r\nx\r\n`;
    const wire = await exchange(url, publish('1') + publish('2') + broken);
    expect(statuses(wire)).toEqual([201, 201, 400]);
    expect(await stored()).toBe(2);
  });

  it('never become requests, however many come while an answer is waited for', async () => {
    const socket = openSocket(url);
    let received = '';
    socket.on('data', (bytes) => {
      received += bytes;
    });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(`${receive('waitSeconds=50')}\0`);
    await gateways.untilReceiving(1);
    for (let turn = 0; turn < 10; turn += 1) {
      socket.write(publish('hidden'));
      expect(await stored()).toBe(0);
    }
    expect(received).toBe('');
    await send(url, `${queue}/messages`, { body: 'awaited' });
    await closed;
    expect(statuses(received)).toEqual([200]);
    expect(await stored()).toBe(1);
  });
});
