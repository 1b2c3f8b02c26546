/** What of a message goes into headers is bounded; what does not fit stays where it is, and can be had as JSON. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MESSAGE_HEADER_BYTES_MAX } from '../../src/routes/v1/answer-headers.ts';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';
import { publishJson, type RawAnswer, send } from '../support/raw-http.ts';

let gateways: TestGateways;
let url: string;
beforeAll(async () => {
  gateways = await startTestGateways();
  url = gateways.urls[0];
});
afterAll(() => gateways.stop());

const OCTETS = 'application/octet-stream';
const EVENT = 'application/cloudevents+json';

async function queueWith(attributes: Record<string, string>): Promise<string> {
  const queue = await gateways.createQueue();
  const answer = await publishJson(url, queue, JSON.stringify({ messages: [{ body: 1, attributes }] }));
  expect(answer.status).toBe(201);
  return queue;
}

function receive(queue: string, accept: string, request: object = {}): Promise<RawAnswer> {
  const headers = { accept, 'content-type': 'application/json' };
  return send(url, `${queue}/messages/receive`, { headers, body: JSON.stringify(request) });
}

const messagesOf = (answer: RawAnswer) => JSON.parse(answer.text).messages;
const headerBytes = ({ headers }: RawAnswer) =>
  Object.entries(headers).reduce((sum, [name, value]) => sum + `${name}: ${value}\r\n`.length, 0);

describe('attributes that do not fit into headers', () => {
  it.each([
    [OCTETS, {}],
    [OCTETS, { autoAck: true }],
    [OCTETS, { autoAck: true, waitSeconds: 5, ack: [] }],
    [OCTETS, { attemptId: 'try' }],
    [EVENT, { autoAck: true }],
  ])(
    'are refused with Accept: %s and %j, and nothing has happened to the message',
    async (accept, request) => {
      // Percent-encoded they are three times as long.
      const attributes = { note: '%'.repeat(MESSAGE_HEADER_BYTES_MAX / 3) };
      const queue = await queueWith(attributes);
      const refused = await receive(queue, accept, request);
      expect(refused.status).toBe(406);
      expect(JSON.parse(refused.text)).toMatchObject({
        code: 'not-acceptable',
        detail: expect.stringContaining('Accept: application/json'),
      });
      expect(messagesOf(await receive(queue, 'application/json'))).toMatchObject([
        { attributes, deliveries: 1 },
      ]);
    },
  );

  it('do not fail the acks that come with the receive: these are told, and the next receive is refused', async () => {
    const queue = await queueWith({});
    const [{ receipt }] = messagesOf(await receive(queue, 'application/json'));
    const attributes = { note: 'x'.repeat(MESSAGE_HEADER_BYTES_MAX) };
    await publishJson(url, queue, JSON.stringify({ messages: [{ body: 2, attributes }] }));
    const acked = await receive(queue, OCTETS, { autoAck: true, ack: [receipt] });
    expect([acked.status, acked.headers['zoogate-acked']]).toEqual([204, 'ok']);
    expect((await receive(queue, OCTETS, { autoAck: true })).status).toBe(406);
    expect(messagesOf(await receive(queue, 'application/json'))).toMatchObject([{ body: 2, deliveries: 1 }]);
  });

  it('of an attempt can be had as JSON by repeating it', async () => {
    const queue = await queueWith({ note: 'x'.repeat(MESSAGE_HEADER_BYTES_MAX) });
    const attempt = { attemptId: 'try' };
    const [first] = messagesOf(await receive(queue, 'application/json', attempt));
    expect((await receive(queue, OCTETS, attempt)).status).toBe(406);
    const [again] = messagesOf(await receive(queue, 'application/json', attempt));
    expect(again.receipt).toBe(first.receipt);
  });
});

describe('attributes that just fit', () => {
  const name = 'note';
  const line = `zoogate-attribute-${name}: \r\n`.length;

  it.each([0, 10, 1000])('arrive beside the outcomes of %i receipts', async (receipts) => {
    const room = MESSAGE_HEADER_BYTES_MAX - receipts * 'invalid, '.length - line;
    const ack = Array.from({ length: receipts }, (_, index) => `none-${index}`);
    const queue = await queueWith({ [name]: 'x'.repeat(room) });
    const answer = await receive(queue, OCTETS, { ack });
    expect(answer.headers[`zoogate-attribute-${name}`]).toHaveLength(room);
    expect(headerBytes(answer)).toBeLessThan(15 * 1024);
    const beyond = await queueWith({ [name]: 'x'.repeat(room + 1) });
    expect((await receive(beyond, OCTETS, { ack })).status).toBe(receipts === 0 ? 406 : 204);
  });

  it('are counted twice when they are those of an event, which has them in headers of its own as well', async () => {
    const event = { specversion: '1.0', id: '1', source: '/s', type: 't' };
    const attributes = Object.fromEntries(
      Object.entries({ ...event, subject: 'x'.repeat(MESSAGE_HEADER_BYTES_MAX / 2) }).map(([each, value]) => [
        `ce-${each}`,
        value,
      ]),
    );
    const queue = await queueWith(attributes);
    expect((await receive(queue, OCTETS)).status).toBe(406);
    expect((await receive(queue, 'application/cloudevents-batch+json')).status).toBe(200);
  });
});
