import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { credentialLineFor, credentialsFor } from '../support/credentials.ts';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';
import { openSocket, publishJson, send } from '../support/raw-http.ts';
import { waitUntil } from '../support/wait-until.ts';

let gateways: TestGateways;
let url: string;
beforeAll(async () => {
  gateways = await startTestGateways();
  url = gateways.urls[0];
});
afterAll(() => gateways.stop());

const OCTETS = { accept: 'application/octet-stream' };

async function queueWith(...messages: object[]): Promise<string> {
  const queue = await gateways.createQueue();
  if (messages.length > 0) {
    await gateways.api.post(`${queue}/messages`).send({ messages }).expect(201);
  }
  return queue;
}

function receive(queue: string, body: object = {}) {
  return gateways.api.post(`${queue}/messages/receive`).send(body);
}

describe('receiving JSON', () => {
  it('answers with all there is to say about a message', async () => {
    const queue = await queueWith({ body: { a: 1 }, attributes: { kind: 'x' }, group: 'g' });
    const before = Date.now();
    const { body } = await receive(queue, { leaseSeconds: 60 }).expect(200);
    expect(body).toEqual({
      messages: [
        {
          id: expect.any(String),
          receipt: expect.stringMatching(/^[A-Za-z0-9_-]{1,512}$/),
          body: { a: 1 },
          contentType: 'application/json',
          attributes: { kind: 'x' },
          priority: 0,
          group: 'g',
          publishedAt: expect.stringMatching(/Z$/),
          deliveries: 1,
          leaseExpiresAt: expect.stringMatching(/Z$/),
          fencingToken: expect.stringMatching(/^\d+$/),
        },
      ],
    });
    const leaseMs = Date.parse(body.messages[0].leaseExpiresAt) - before;
    expect(leaseMs).toBeGreaterThan(55_000);
    expect(leaseMs).toBeLessThan(65_000);
  });

  it('takes one message by default, without a body', async () => {
    const queue = await queueWith({ body: 1 }, { body: 2 });
    const answer = await send(url, `${queue}/messages/receive`);
    expect(JSON.parse(answer.text).messages).toHaveLength(1);
  });

  it('takes its fields from the query too, but none from both', async () => {
    const queue = await queueWith({ body: 1 }, { body: 2 }, { body: 3 });
    const path = `${queue}/messages/receive?max=2&waitSeconds=0.5&leaseSeconds=0.5&autoAck=false&attemptId=a%20b`;
    expect((await gateways.api.post(path).expect(200)).body.messages).toHaveLength(2);
    const both = await gateways.api.post(`${queue}/messages/receive?max=1`).send({ max: 1 }).expect(400);
    expect(both.body.errors[0].path).toBe('max');
    const mixed = await gateways.api
      .post(`${queue}/messages/receive?max=2`)
      .send({ autoAck: true })
      .expect(200);
    expect(mixed.body.messages).toHaveLength(1);
  });

  it('answers an empty list at once without waitSeconds, and after waitSeconds otherwise', async () => {
    const queue = await queueWith();
    expect((await receive(queue).expect(200)).body).toEqual({ messages: [] });
    const begun = performance.now();
    expect((await receive(queue, { waitSeconds: 0.4 }).expect(200)).body).toEqual({ messages: [] });
    expect(performance.now() - begun).toBeGreaterThan(350);
  });

  it('answers as soon as there is a message', async () => {
    const queue = await queueWith();
    const waiting = receive(queue, { waitSeconds: 20 }).then((answer) => answer);
    await gateways.untilReceiving(1);
    await publishJson(url, queue, '{"messages":[{"body":"now"}]}');
    expect((await waiting).body.messages).toMatchObject([{ body: 'now' }]);
  });

  it('takes and deletes in one step with autoAck', async () => {
    const queue = await queueWith({ body: 1 });
    expect((await receive(queue, { autoAck: true }).expect(200)).body.messages).toHaveLength(1);
    expect((await gateways.api.get(queue)).body.stats).toMatchObject({ messages: 0, bytes: 0 });
  });

  it('acks earlier receipts in the same write', async () => {
    const queue = await queueWith({ body: 1 }, { body: 2 });
    const first = await receive(queue).expect(200);
    const { receipt } = first.body.messages[0];
    const second = await receive(queue, { ack: [receipt, 'never-one'] }).expect(200);
    expect(second.body.acked).toEqual([
      { receipt, outcome: 'ok' },
      { receipt: 'never-one', outcome: 'invalid' },
    ]);
    expect(second.body.messages).toMatchObject([{ body: 2 }]);
    expect((await gateways.api.get(queue)).body.stats).toMatchObject({ messages: 1, leased: 1 });
    expect((await receive(queue, { ack: [] }).expect(200)).body.acked).toEqual([]);
  });

  it('answers 404 for a queue that does not exist', async () => {
    await receive('/v1/queues/nowhere').expect(404);
  });
});

describe('receiving bytes', () => {
  it('answers with the bytes, their content type and the rest as headers', async () => {
    const queue = await gateways.createQueue();
    const body = Buffer.from([0, 255, 13, 10]);
    await send(url, `${queue}/messages`, {
      headers: { 'content-type': 'image/png', 'zoogate-attribute-kind': 'caf%C3%A9' },
      body,
    });
    const answer = await send(url, `${queue}/messages/receive`, { headers: OCTETS });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(body);
    expect(answer.headers).toMatchObject({
      'content-type': 'image/png',
      'zoogate-id': expect.any(String),
      'zoogate-deliveries': '1',
      'zoogate-attribute-kind': 'caf%C3%A9',
      'zoogate-fencing-token': expect.stringMatching(/^\d+$/),
      'zoogate-published-at': expect.stringMatching(/Z$/),
      'zoogate-lease-expires-at': expect.stringMatching(/Z$/),
    });
    const receipts = [answer.headers['zoogate-receipt']];
    const acked = await gateways.api.post(`${queue}/messages/ack`).send({ receipts }).expect(200);
    expect(acked.body.results[0].outcome).toBe('ok');
  });

  it('gives JSON back byte for byte', async () => {
    const queue = await gateways.createQueue();
    await publishJson(url, queue, '{"messages":[{"body": {"n": 1.10} }]}');
    const answer = await send(url, `${queue}/messages/receive?max=1`, { headers: OCTETS });
    expect([answer.text, answer.headers['content-type']]).toEqual(['{"n": 1.10}', 'application/json']);
  });

  it('keeps a stored page from running as if it were ours', async () => {
    const queue = await gateways.createQueue();
    await send(url, `${queue}/messages`, {
      headers: { 'content-type': 'text/html' },
      body: '<script>1</script>',
    });
    const { headers } = await send(url, `${queue}/messages/receive`, { headers: OCTETS });
    expect(headers).toMatchObject({ 'content-type': 'text/html', 'x-content-type-options': 'nosniff' });
    expect(headers['content-security-policy']).toContain('sandbox');
  });

  it('answers 204 when there is none, with the outcomes of acked receipts', async () => {
    const queue = await queueWith({ body: 1 });
    const { receipt } = (await receive(queue).expect(200)).body.messages[0];
    const answer = await send(url, `${queue}/messages/receive`, {
      headers: { ...OCTETS, 'content-type': 'application/json' },
      body: JSON.stringify({ ack: [receipt, 'never-one'] }),
    });
    expect([answer.status, answer.headers['zoogate-acked'], answer.text]).toEqual([204, 'ok, invalid', '']);
  });

  it('refuses more than one message', async () => {
    const queue = await queueWith({ body: 1 }, { body: 2 });
    const answer = await send(url, `${queue}/messages/receive?max=2`, { headers: OCTETS });
    expect([answer.status, JSON.parse(answer.text).errors[0].path]).toEqual([400, 'max']);
    expect((await gateways.api.get(queue)).body.stats.ready).toBe(2);
  });
});

describe('a client that goes away', () => {
  it('during the wait takes nothing with it', async () => {
    const queue = await queueWith();
    const leaving = new AbortController();
    const gone = fetch(`${url}${queue}/messages/receive?waitSeconds=20`, {
      method: 'POST',
      headers: credentialsFor(url),
      signal: leaving.signal,
    });
    await gateways.untilReceiving(1);
    leaving.abort();
    await expect(gone).rejects.toThrow();
    await gateways.untilReceiving(0);
    await publishJson(url, queue, '{"messages":[{"body":1}]}');
    const { body } = await receive(queue, { waitSeconds: 2 }).expect(200);
    expect(body.messages).toMatchObject([{ body: 1, deliveries: 1 }]);
  });
});

describe('a client that goes away before it has read the answer', () => {
  /** In JSON each zero takes six bytes: the answer is larger than the buffers of a connection. */
  async function queueOfLargeMessages(): Promise<string> {
    const queue = await gateways.createQueue({ leaseSeconds: 600 });
    const request = { headers: { 'content-type': 'text/plain' }, body: Buffer.alloc(262_144) };
    for (let index = 0; index < 10; index += 1) {
      await send(url, `${queue}/messages`, request);
    }
    return queue;
  }

  const leased = async (queue: string) => (await gateways.api.get(queue)).body.stats.leased;

  /** Goes away when the messages are leased, and returns when the gateway has noticed. */
  async function leaveUnread(queue: string, query: string): Promise<void> {
    const before = await gateways.connections();
    const socket = openSocket(url);
    socket.pause();
    socket.write(
      `POST ${queue}/messages/receive?max=1000${query} HTTP/1.1\r\nHost: x\r\n${credentialLineFor(url)}Content-Length: 0\r\n\r\n`,
    );
    await waitUntil(async () => (await leased(queue)) === 10, 'its messages are leased');
    await gateways.untilReceiving(0);
    socket.destroy();
    await waitUntil(async () => (await gateways.connections()) <= before, 'the connection is gone');
  }

  it('has its messages given back at once', async () => {
    const queue = await queueOfLargeMessages();
    await leaveUnread(queue, '');
    await waitUntil(async () => (await leased(queue)) === 0, 'its messages are given back');
    expect((await receive(queue, { max: 1 }).expect(200)).body.messages).toHaveLength(1);
  });

  it('keeps them for its next attempt when it gave an attemptId', async () => {
    const queue = await queueOfLargeMessages();
    await leaveUnread(queue, '&attemptId=a');
    // What would have been given back by now would be so for a look that comes after it through the same session.
    expect(await leased(queue)).toBe(10);
  });
});

describe('a receive that waits while its gateway drains', () => {
  it('gets its empty list at once, and readyz turns to 503', async () => {
    const draining = await startTestGateways();
    try {
      const queue = await draining.createQueue();
      await draining.api.get('/readyz').expect(200);
      const waiting = draining.api.post(`${queue}/messages/receive?waitSeconds=40`).then((answer) => answer);
      await draining.untilReceiving(1);
      draining.drain();
      expect((await waiting).body).toEqual({ messages: [] });
      const answer = await draining.api.get('/readyz').expect(503);
      expect(answer.body.code).toBe('unavailable');
      expect(answer.headers['retry-after']).toMatch(/^\d+$/);
      await draining.api.get('/livez').expect(200);
    } finally {
      await draining.stop();
    }
  });
});
