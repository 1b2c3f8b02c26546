import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';

let gateways: TestGateways;
beforeAll(async () => {
  gateways = await startTestGateways();
});
afterAll(() => gateways.stop());

interface Taken {
  readonly queue: string;
  readonly receipts: string[];
}

/** A queue of as many messages, all of them leased. */
async function taken(count: number): Promise<Taken> {
  const queue = await gateways.createQueue();
  const messages = Array.from({ length: count }, (_, body) => ({ body }));
  await gateways.api.post(`${queue}/messages`).send({ messages }).expect(201);
  const { body } = await gateways.api.post(`${queue}/messages/receive`).send({ max: count }).expect(200);
  return { queue, receipts: body.messages.map(({ receipt }: { receipt: string }) => receipt) };
}

async function outcomes(queue: string, verb: string, body: object): Promise<string[]> {
  const answer = await gateways.api.post(`${queue}/messages/${verb}`).send(body).expect(200);
  return answer.body.results.map(({ outcome }: { outcome: string }) => outcome);
}

describe('settling messages', () => {
  it('answers one outcome for each receipt, in their order', async () => {
    const { queue, receipts } = await taken(2);
    const answer = await gateways.api
      .post(`${queue}/messages/ack`)
      .send({ receipts: [receipts[1], 'never-one', receipts[0]] })
      .expect(200);
    expect(answer.body).toEqual({
      results: [
        { receipt: receipts[1], outcome: 'ok' },
        { receipt: 'never-one', outcome: 'invalid' },
        { receipt: receipts[0], outcome: 'ok' },
      ],
    });
    expect((await gateways.api.get(queue)).body.stats.messages).toBe(0);
  });

  it('acks twice with ok, and finds nack and extend after an ack lost', async () => {
    const { queue, receipts } = await taken(1);
    expect(await outcomes(queue, 'ack', { receipts })).toEqual(['ok']);
    expect(await outcomes(queue, 'ack', { receipts })).toEqual(['ok']);
    expect(await outcomes(queue, 'nack', { receipts })).toEqual(['lost']);
    expect(await outcomes(queue, 'extend', { receipts, leaseSeconds: 1 })).toEqual(['lost']);
  });

  it('gives a nacked message to the next receive', async () => {
    const { queue, receipts } = await taken(1);
    expect(await outcomes(queue, 'nack', { receipts })).toEqual(['ok']);
    expect(await outcomes(queue, 'nack', { receipts })).toEqual(['lost']);
    const { body } = await gateways.api.post(`${queue}/messages/receive`).expect(200);
    expect(body.messages).toMatchObject([{ body: 0, deliveries: 2 }]);
  });

  it('takes receipts that could be none of ours for invalid', async () => {
    const queue = await gateways.createQueue();
    const receipts = ['', ' ', '../x', '💥', 'A'.repeat(512), '__proto__'];
    expect(await outcomes(queue, 'ack', { receipts })).toEqual(receipts.map(() => 'invalid'));
  });

  it('answers 404 for a queue that does not exist', async () => {
    for (const verb of ['ack', 'nack', 'extend']) {
      const body = verb === 'extend' ? { receipts: ['x'], leaseSeconds: 1 } : { receipts: ['x'] };
      await gateways.api.post(`/v1/queues/nowhere/messages/${verb}`).send(body).expect(404);
    }
  });
});

describe('DELETE …/messages/{receipt}', () => {
  it('acks the message: 204, also twice', async () => {
    const { queue, receipts } = await taken(1);
    await gateways.api.delete(`${queue}/messages/${receipts[0]}`).expect(204);
    await gateways.api.delete(`${queue}/messages/${receipts[0]}`).expect(204);
  });

  it('answers 410 when the lease is lost, and 400 for what was never a receipt', async () => {
    const { queue, receipts } = await taken(1);
    await outcomes(queue, 'nack', { receipts });
    const lost = await gateways.api.delete(`${queue}/messages/${receipts[0]}`).expect(410);
    expect(lost.body.code).toBe('lease-lost');
    const invalid = await gateways.api.delete(`${queue}/messages/never-one`).expect(400);
    expect(invalid.body).toMatchObject({ code: 'validation', errors: [{ path: 'receipt' }] });
    await gateways.api.delete(`${queue}/messages/${'x'.repeat(600)}`).expect(400);
  });
});

describe('peeking', () => {
  it('shows messages in every state without leasing them', async () => {
    const { queue } = await taken(1);
    await gateways.api
      .post(`${queue}/messages`)
      .send({ messages: [{ body: 'text', contentType: 'text/plain' }, { bodyBase64: '/w==' }] })
      .expect(201);
    const { body } = await gateways.api.get(`${queue}/messages`).expect(200);
    expect(body.messages).toMatchObject([
      { body: 0, state: 'leased', deliveries: 1 },
      { body: 'text', state: 'ready', deliveries: 0 },
      { bodyBase64: '/w==', state: 'ready', deliveries: 0 },
    ]);
    for (const message of body.messages) {
      expect(message).not.toHaveProperty('receipt');
    }
    expect((await gateways.api.get(queue)).body.stats).toMatchObject({ ready: 2, leased: 1 });
  });

  it('filters by state and limits', async () => {
    const { queue } = await taken(2);
    const leased = await gateways.api.get(`${queue}/messages?state=leased&limit=1`).expect(200);
    expect(leased.body.messages).toHaveLength(1);
    const ready = await gateways.api.get(`${queue}/messages?state=ready`).expect(200);
    expect(ready.body.messages).toEqual([]);
  });
});

describe('purging', () => {
  it('drops everything stored before', async () => {
    const { queue } = await taken(2);
    await gateways.api.post(`${queue}/purge`).expect(204);
    expect((await gateways.api.get(queue)).body.stats.messages).toBe(0);
    await gateways.api.post('/v1/queues/nowhere/purge').expect(404);
  });
});
