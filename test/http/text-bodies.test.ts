/** Bodies that their publisher did not call text, for receivers who want to read them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';

let gateways: TestGateways;
let queue: string;

beforeAll(async () => {
  gateways = await startTestGateways();
});
afterAll(() => gateways.stop());

/** What `curl -d` sends when it is told nothing else. */
const FORM = 'application/x-www-form-urlencoded';
const NOT_TEXT = Buffer.from([0xff, 0xfe, 0x00]);

async function publish(body: string | Buffer, contentType: string): Promise<void> {
  await gateways.api.post(`${queue}/messages`).set('Content-Type', contentType).send(body).expect(201);
}

/** The bodies as they are shown, by their field. */
const shown = (messages: { body?: unknown; bodyBase64?: string; contentType: string }[]) =>
  messages.map(({ body, bodyBase64, contentType }) => ({ body, bodyBase64, contentType }));

describe('with textBodies', () => {
  const expected = [
    { body: 'hello', bodyBase64: undefined, contentType: FORM },
    { body: undefined, bodyBase64: NOT_TEXT.toString('base64'), contentType: 'application/octet-stream' },
    { body: { a: 1 }, bodyBase64: undefined, contentType: 'application/json' },
  ];

  async function publishAll(): Promise<void> {
    queue = await gateways.createQueue();
    await publish('hello', FORM);
    await publish(NOT_TEXT, 'application/octet-stream');
    await gateways.api
      .post(`${queue}/messages`)
      .send({ messages: [{ body: { a: 1 } }] })
      .expect(201);
  }

  it('a receive shows text as text, and leaves everything else as it is', async () => {
    await publishAll();
    const path = `${queue}/messages/receive?max=10`;
    const asked = await gateways.api.post(`${path}&textBodies=true&leaseSeconds=0.5`).expect(200);
    expect(shown(asked.body.messages)).toEqual(expected);
    await publishAll();
    const inBody = await gateways.api.post(`${queue}/messages/receive`).send({ max: 10, textBodies: true });
    expect(shown(inBody.body.messages)).toEqual(expected);
  });

  it('so do peek and browse', async () => {
    await publishAll();
    const peeked = await gateways.api.get(`${queue}/messages?textBodies=true`).expect(200);
    expect(shown(peeked.body.messages)).toEqual(expected);
    await gateways.api.put('/v1/topics/texts').expect(201);
    await gateways.api.post('/v1/topics/texts/messages').set('Content-Type', FORM).send('hello').expect(201);
    await gateways.api.put('/v1/topics/texts/subscriptions/s').send({ startFrom: 'earliest' });
    const browsed = await gateways.api.get('/v1/topics/texts/messages?textBodies=true').expect(200);
    expect(shown(browsed.body.messages)).toEqual(expected.slice(0, 1));
  });
});

it('without it a form stays base64, as ever', async () => {
  queue = await gateways.createQueue();
  await publish('hello', FORM);
  const { body } = await gateways.api.post(`${queue}/messages/receive`).expect(200);
  expect(shown(body.messages)).toEqual([
    { body: undefined, bodyBase64: Buffer.from('hello').toString('base64'), contentType: FORM },
  ]);
});
