/** How deep, how long and how wrong a body may be, and what is said of one that is more. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';
import { publishJson, send } from '../support/raw-http.ts';

let gateways: TestGateways;
let url: string;
let queue: string;
beforeAll(async () => {
  gateways = await startTestGateways();
  url = gateways.urls[0];
  queue = await gateways.createQueue();
  await gateways.api.put('/v1/topics/nested').expect(201);
  await gateways.api.put('/v1/topics/nested/subscriptions/all').expect(201);
});
afterAll(() => gateways.stop());

const SUBSCRIPTION = '/v1/topics/nested/subscriptions/all';
const json = { 'content-type': 'application/json' };
const lists = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const objects = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

describe('a body that is nested deeply', () => {
  it.each(['PUT', 'PATCH'])('is refused as the filter of a subscription: %s', async (method) => {
    for (const filter of [lists(5_000), objects(5_000), `{"kind":${lists(5_000)}}`]) {
      const body = `{"filter":${filter}}`;
      const answer = await send(url, SUBSCRIPTION, { method, headers: json, body });
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text)).toMatchObject({
        code: 'validation',
        errors: [{ path: '', message: 'must not be nested deeper than 16 levels' }],
      });
    }
    const { body } = await gateways.api.get(SUBSCRIPTION).expect(200);
    expect(body.config.filter).toBeUndefined();
  });

  it('is refused wherever there is nothing to be nested', async () => {
    for (const path of [`${queue}/messages/ack`, `${queue}/messages/receive`, `${queue}/redrive`]) {
      const body = `{"unknown":${lists(5_000)}}`;
      expect((await send(url, path, { headers: json, body })).status, path).toBe(400);
    }
  });

  it('is a message like any other, byte for byte', async () => {
    for (const body of [lists(20_000), objects(20_000)]) {
      expect((await publishJson(url, queue, `{"messages":[{"body":${body}}]}`)).status).toBe(201);
      const { text } = await send(url, `${queue}/messages/receive?autoAck=true`);
      expect(text).toContain(`"body":${body},`);
    }
  });
});

describe('of a body in which much is wrong', () => {
  it('no more than twenty places are told', async () => {
    const messages = Array.from({ length: 1000 }, () => ({ unknown: 1, priority: 'x', attributes: 1 }));
    const unknown = Object.fromEntries(messages.map((_, index) => [`unknown${index}`, index]));
    for (const body of [{ messages }, { messages: [{ body: 1 }], ...unknown }]) {
      const answer = await publishJson(url, queue, JSON.stringify(body));
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text).errors).toHaveLength(20);
    }
  });

  it('the list is named that is too long, and nothing is told of its elements', async () => {
    const receipts = Array.from({ length: 3000 }, () => 1);
    const { body } = await gateways.api.post(`${queue}/messages/ack`).send({ receipts }).expect(400);
    expect(body.errors).toEqual([{ path: 'receipts', message: 'must have at most 1000 elements' }]);
    const acks = Array.from({ length: 100 }, () => ({ queue: 'q', receipts: Array(1000).fill('') }));
    const { body: of } = await gateways.api.post('/v1/transactions').send({ acks }).expect(400);
    expect(of.errors).toEqual([{ path: 'acks', message: 'must have at most 1000 receipts in all' }]);
    const long = [{ queue: 'q', receipts: Array(60_000).fill('') }];
    const { body: ofOne } = await gateways.api.post('/v1/transactions').send({ acks: long }).expect(400);
    expect(ofOne.errors).toEqual([{ path: 'acks.0.receipts', message: 'must have at most 1000 elements' }]);
  });

  it('a content type as long as the body is refused, and is no defect', async () => {
    const contentType = `a/a${';a=a'.repeat(1_900_000)} x`;
    const answer = await publishJson(url, queue, JSON.stringify({ messages: [{ body: 1, contentType }] }));
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text).errors[0].path).toBe('messages.0.contentType');
  });
});
