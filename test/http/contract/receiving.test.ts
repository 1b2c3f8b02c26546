/** Receiving, as the contract has it for queues and subscriptions alike, at two gateways. */
import { describe, expect, it } from 'vitest';
import { patient, SOURCES, useContract } from '../../support/contract-client.ts';
import { credentialLineFor } from '../../support/credentials.ts';
import { openSocket, send } from '../../support/raw-http.ts';

const contract = useContract();
const OCTETS = { accept: 'application/octet-stream' };

describe.each(SOURCES)('receiving from a %s', (kind) => {
  it('answers with all there is to say about a message', async () => {
    const source = await contract.source(kind, { priorities: 2 });
    const [id] = await source.publish({
      body: { a: 1 },
      attributes: { kind: 'x' },
      group: 'g',
      priority: 1,
    });
    expect(await source.receive()).toEqual([
      {
        id,
        receipt: expect.any(String),
        body: { a: 1 },
        contentType: 'application/json',
        attributes: { kind: 'x' },
        priority: 1,
        group: 'g',
        publishedAt: expect.any(String),
        deliveries: 1,
        leaseExpiresAt: expect.any(String),
        fencingToken: expect.stringMatching(/^\d+$/),
      },
    ]);
  });

  it('takes one message unless max asks for more', async () => {
    const source = await contract.source(kind);
    await source.publishBodies(1, 2, 3, 4);
    expect(await source.receive()).toHaveLength(1);
    expect(await source.receive({ max: 1000 })).toHaveLength(3);
  });

  it('answers an empty list after waitSeconds with nothing', async () => {
    const source = await contract.source(kind);
    expect(await source.receive({ waitSeconds: 0.2 })).toEqual([]);
  });

  it('returns as soon as there is at least one message', async () => {
    const source = await contract.source(kind);
    for (const body of [1, 2, 3]) {
      const waiting = source.receive({ max: 10, waitSeconds: 50, autoAck: true });
      await source.publishBodies(body);
      expect(await waiting).toMatchObject([{ body }]);
    }
  });

  it('takes its fields from the query too, but none from both', async () => {
    const source = await contract.source(kind);
    await source.publishBodies(1, 2, 3);
    const path = `${source.path}/messages/receive`;
    const { body } = await contract.api.post(`${path}?max=2&waitSeconds=1&leaseSeconds=5`).expect(200);
    expect(body.messages).toHaveLength(2);
    await contract.api.post(`${path}?max=1`).send({ max: 1 }).expect(400);
    await contract.api.post(`${path}?autoAck=true`).send({ max: 1 }).expect(200);
    await contract.api.post(`${path}?ack=x`).expect(400);
    expect((await source.stats()).messages).toBe(2);
  });

  it('takes and deletes in one step with autoAck', async () => {
    const source = await contract.source(kind);
    await source.publishBodies(1, 2);
    const [message] = await source.receive({ autoAck: true });
    expect(message?.body).toBe(1);
    expect(await source.stats()).toMatchObject({ messages: 1, ready: 1, leased: 0 });
  });

  it('acks earlier receipts in the same write', async () => {
    const source = await contract.source(kind);
    await source.publishBodies(1, 2);
    const { receipt } = await source.receiveOne();
    const { body } = await contract.api
      .post(`${source.path}/messages/receive`)
      .send({ ack: [receipt, 'never-one'] })
      .expect(200);
    expect(body.acked).toEqual([
      { receipt, outcome: 'ok' },
      { receipt: 'never-one', outcome: 'invalid' },
    ]);
    expect(body.messages).toMatchObject([{ body: 2 }]);
    expect(await source.stats()).toMatchObject({ messages: 1, leased: 1 });
  });

  it('keeps the message invisible for leaseSeconds, then gives it to someone else', async () => {
    const source = await contract.source(kind, { leaseSeconds: 0.5 });
    await source.publishBodies(1);
    const first = await source.receiveOne({ leaseSeconds: 600 });
    expect(await source.receive({ waitSeconds: 1 })).toEqual([]);
    await source.settle('extend', [first.receipt], { leaseSeconds: 0.5 });
    const second = await source.receiveOne();
    expect(second).toMatchObject({ id: first.id, deliveries: 2 });
    expect(second.receipt).not.toBe(first.receipt);
    expect(BigInt(second.fencingToken)).toBeGreaterThan(BigInt(first.fencingToken));
  });
});

describe.each(SOURCES)('an attemptId at a %s', (kind) => {
  it('gives the same messages with the same receipts again, from any replica, whatever the other fields say', async () => {
    const source = await contract.source(kind, { leaseSeconds: 60 });
    await source.publishBodies(1, 2, 3);
    const receipts = async (options: object) =>
      (await source.receive({ attemptId: 'one', ...options })).map(({ id, receipt }) => [id, receipt]);
    const first = await receipts({ max: 2 });
    expect(first).toHaveLength(2);
    for (const options of [{ max: 2 }, { max: 1 }, { max: 1000, leaseSeconds: 5 }, {}]) {
      expect(await receipts(options)).toEqual(first);
    }
    expect(await source.receive({ attemptId: 'two', max: 10 })).toHaveLength(1);
  });

  it('gives the same to repetitions that arrive at once', async () => {
    const source = await contract.source(kind, { leaseSeconds: 60 });
    await source.publishBodies(1, 2, 3, 4);
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => source.receive({ attemptId: 'same', max: 2 })),
    );
    const receipts = answers.map((messages) => messages.map(({ receipt }) => receipt).join());
    expect(new Set(receipts).size).toBe(1);
    expect((await source.stats()).leased).toBe(2);
  });

  it('has at most 128 characters, and is refused with autoAck', async () => {
    const { path } = await contract.source(kind);
    const receive = `${path}/messages/receive`;
    await contract.api
      .post(receive)
      .send({ attemptId: 'x'.repeat(129) })
      .expect(400);
    await contract.api.post(receive).send({ attemptId: 'x', autoAck: true }).expect(400);
  });
});

describe.each(SOURCES)('receiving bytes from a %s', (kind) => {
  it('answers 200 with the bytes, their content type and the rest as headers', async () => {
    const source = await contract.source(kind);
    const body = Buffer.from([0, 255, 10]);
    const headers = { 'content-type': 'image/png', 'zoogate-attribute-kind': 'caf%C3%A9' };
    await send(contract.api.url(), `${source.topicPath}/messages`, { headers, body });
    const answer = await send(contract.api.url(), `${source.path}/messages/receive`, { headers: OCTETS });
    expect([answer.status, answer.body]).toEqual([200, body]);
    expect(answer.headers).toMatchObject({
      'content-type': 'image/png',
      'zoogate-id': expect.any(String),
      'zoogate-deliveries': '1',
      'zoogate-attribute-kind': 'caf%C3%A9',
    });
    expect(await source.outcome('ack', { receipt: `${answer.headers['zoogate-receipt']}` })).toBe('ok');
  });

  it('answers 204 when there is none, and 400 when max is not 1', async () => {
    const source = await contract.source(kind);
    const path = `${source.path}/messages/receive`;
    expect((await send(contract.api.url(), path, { headers: OCTETS })).status).toBe(204);
    expect((await send(contract.api.url(), `${path}?max=2`, { headers: OCTETS })).status).toBe(400);
  });
});

describe('fencing tokens', () => {
  it('only grow, over all leases of the ensemble, and are equal only for messages leased together', async () => {
    const sources = [await contract.queue(), await contract.source('subscription'), await contract.queue()];
    let last = -1n;
    for (let round = 0; round < 4; round += 1) {
      for (const source of sources) {
        await source.publishBodies(1, 2);
        const [one, other] = await source.receive({ max: 2 });
        expect(one?.fencingToken).toBe(other?.fencingToken);
        const token = BigInt(one?.fencingToken ?? '-1');
        expect(token).toBeGreaterThan(last);
        last = token;
      }
    }
  });
});

describe('competing consumers', () => {
  it.each(SOURCES)('of a %s each get their own messages: none is lost or doubled', async (kind) => {
    const source = await contract.source(kind);
    const bodies = Array.from({ length: 60 }, (_, index) => index);
    await source.publishBodies(...bodies);
    const taken: unknown[] = [];
    const consume = async (): Promise<void> => {
      for (;;) {
        const messages = await source.receive({ max: 7 });
        if (messages.length === 0) return;
        taken.push(...messages.map(({ body }) => body));
        const receipts = messages.map(({ receipt }) => receipt);
        expect(new Set(await source.settle('ack', receipts))).toEqual(new Set(['ok']));
      }
    };
    await Promise.all([consume(), consume(), consume(), consume()]);
    expect(taken.map(Number).sort((one, other) => one - other)).toEqual(bodies);
  });
});

describe('a client that goes away during a long poll', () => {
  it.each(SOURCES)('takes nothing of a %s with it', async (kind) => {
    const source = await contract.source(kind, { leaseSeconds: 600 });
    const polls = contract.gateways.urls.map((url) => {
      const socket = openSocket(url);
      const path = `${source.path}/messages/receive?waitSeconds=40`;
      socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\n${credentialLineFor(url)}Content-Length: 0\r\n\r\n`);
      return socket;
    });
    // A poll that has been answered is over: publish while clients leave, until none of them is left.
    const publishing = source.publishBodies(1);
    for (const socket of polls) {
      socket.destroy();
    }
    await publishing;
    await expect.poll(() => source.receive(), patient).toMatchObject([{ body: 1 }]);
  });
});
