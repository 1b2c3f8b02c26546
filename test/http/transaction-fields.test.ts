/** Bad input in every field of a transaction: each gets its problem and names its field. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';
import { send } from '../support/raw-http.ts';

let gateways: TestGateways;
let queue: string;
beforeAll(async () => {
  gateways = await startTestGateways();
  queue = (await gateways.createQueue()).split('/').at(-1) ?? '';
});
afterAll(() => gateways.stop());

const ack = (fields: object): object => ({ acks: [{ queue: 'q', receipts: ['x'], ...fields }] });
const publish = (fields: object): object => ({
  publishes: [{ queue: 'q', messages: [{ body: 1 }], ...fields }],
});
const receipts = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`);

const BAD: readonly (readonly [string, object])[] = [
  ['', {}],
  ['', { acks: [], publishes: [] }],
  ['acks', { acks: {} }],
  ['acks', { acks: null }],
  ['publishes', { publishes: 'x' }],
  ['unknown', { ...ack({}), unknown: 1 }],
  ['transactionId', { ...ack({}), transactionId: '' }],
  ['transactionId', { ...ack({}), transactionId: 1 }],
  ['transactionId', { ...ack({}), transactionId: 'x'.repeat(129) }],
  ['acks.0.unknown', ack({ unknown: 1 })],
  ['acks.0.queue', ack({ queue: '../q' })],
  ['acks.0.queue', ack({ queue: 1 })],
  ['acks.0.queue', { acks: [{ receipts: ['x'] }] }],
  ['acks.0.subscription', { acks: [{ topic: 't', receipts: ['x'] }] }],
  ['acks.0.topic', { acks: [{ subscription: 's', receipts: ['x'] }] }],
  ['acks.0.topic', ack({ topic: 't', subscription: 's' })],
  ['acks.0.subscription', ack({ subscription: 's' })],
  ['acks.0.receipts', ack({ receipts: [] })],
  ['acks.0.receipts', { acks: [{ queue: 'q' }] }],
  ['acks.0.receipts', ack({ receipts: receipts(1001) })],
  ['acks.0.receipts.0', ack({ receipts: [1] })],
  ['acks.0.receipts.1', ack({ receipts: ['x', 'x'] })],
  [
    'acks.1.receipts.0',
    {
      acks: [
        { queue: 'q', receipts: ['x'] },
        { topic: 't', subscription: 's', receipts: ['x'] },
      ],
    },
  ],
  [
    'acks',
    {
      acks: [
        { queue: 'q', receipts: receipts(1000) },
        { queue: 'q', receipts: ['one more'] },
      ],
    },
  ],
  ['publishes.0.unknown', publish({ unknown: 1 })],
  ['publishes.0.queue', { publishes: [{ messages: [{ body: 1 }] }] }],
  ['publishes.0.topic', publish({ topic: 't' })],
  ['publishes.0.subscription', publish({ subscription: 's' })],
  ['publishes.0.messages', publish({ messages: [] })],
  ['publishes.0.messages', { publishes: [{ queue: 'q' }] }],
  ['publishes.0.messages.0.body', publish({ messages: [{}] })],
  ['publishes.0.messages.0.priority', publish({ messages: [{ body: 1, priority: -1 }] })],
  ['publishes.0.messages.0.colour', publish({ messages: [{ body: 1, colour: 'red' }] })],
];

describe('bad input in a transaction', () => {
  it.each(BAD)('at %j is refused with its path: %j', async (path, request) => {
    const text = JSON.stringify(request).replaceAll('"q"', JSON.stringify(queue));
    const headers = { 'content-type': 'application/json' };
    const answer = await send(gateways.urls[0], '/v1/transactions', { headers, body: text });
    const problem = JSON.parse(answer.text);
    expect([answer.status, problem.code]).toEqual([400, 'validation']);
    expect(problem.errors.map((error: { path: string }) => error.path)).toContain(path);
  });

  it.each(['', '{', '[]', 'null', '"x"'])('is refused as a whole: %j', async (body) => {
    const headers = { 'content-type': 'application/json' };
    expect((await send(gateways.urls[0], '/v1/transactions', { headers, body })).status).toBe(400);
  });

  it('is refused in another content type than JSON', async () => {
    for (const headers of [{}, { 'content-type': 'text/plain' }]) {
      const answer = await send(gateways.urls[0], '/v1/transactions', { headers, body: '{}' });
      expect(answer.status).toBe(415);
    }
  });

  it('counts messages before anything else about them', async () => {
    const messages = Array.from({ length: 501 }, () => ({}));
    const request = {
      publishes: [
        { queue, messages },
        { queue, messages },
      ],
    };
    const { body } = await gateways.api.post('/v1/transactions').send(request).expect(413);
    expect(body.code).toBe('payload-too-large');
  });
});
