/** W3C trace context on its way from a publisher to a consumer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const tracestate = 'vendor=value';

let gateways: TestGateways;

beforeAll(async () => {
  gateways = await startTestGateways();
});
afterAll(() => gateways.stop());

async function receivedAttributes(path: string, max = 10): Promise<object[]> {
  const { body } = await gateways.api.post(`${path}/messages/receive`).send({ max }).expect(200);
  return body.messages.map(({ attributes }: { attributes: object }) => attributes);
}

describe('the trace context of a publish request', () => {
  it('reaches the consumer as attributes of each message that has none of its own', async () => {
    const path = await gateways.createQueue();
    await gateways.api
      .post(`${path}/messages`)
      .set({ traceparent, tracestate })
      .send({
        messages: [
          { body: 1, attributes: { kind: 'x' } },
          { body: 2, attributes: { tracestate: 'own=1' } },
        ],
      })
      .expect(201);
    expect(await receivedAttributes(path)).toEqual([
      { kind: 'x', traceparent, tracestate },
      { tracestate: 'own=1' },
    ]);
  });

  it('reaches the consumer of bytes as headers', async () => {
    const path = await gateways.createQueue();
    await gateways.api
      .post(`${path}/messages`)
      .set({ traceparent, 'Content-Type': 'text/plain' })
      .send('hello')
      .expect(201);
    const { headers } = await gateways.api
      .post(`${path}/messages/receive`)
      .set('Accept', 'application/octet-stream')
      .expect(200);
    expect(headers['zoogate-attribute-traceparent']).toBe(traceparent);
    expect(headers).not.toHaveProperty('zoogate-attribute-tracestate');
  });

  it('travels with what a transaction publishes', async () => {
    const path = await gateways.createQueue();
    const publishes = [{ queue: path.split('/').at(-1), messages: [{ body: 1 }] }];
    await gateways.api
      .post('/v1/transactions')
      .set({ traceparent })
      .send({ acks: [], publishes })
      .expect(200);
    expect(await receivedAttributes(path)).toEqual([{ traceparent }]);
  });

  it('adds nothing when there is none, or it is not valid', async () => {
    const path = await gateways.createQueue();
    const publish = (headers: Record<string, string>) =>
      gateways.api
        .post(`${path}/messages`)
        .set(headers)
        .send({ messages: [{ body: 1 }] })
        .expect(201);
    await publish({});
    await publish({ tracestate });
    await publish({ traceparent: 'not one', tracestate });
    expect(await receivedAttributes(path)).toEqual([{}, {}, {}]);
  });

  it('never keeps a request from being accepted that is without it', async () => {
    const path = await gateways.createQueue();
    const largest = { body: 'x'.repeat(262_144 - 2) };
    await gateways.api
      .post(`${path}/messages`)
      .set({ traceparent })
      .send({ messages: [largest] })
      .expect(201);
    expect(await receivedAttributes(path)).toEqual([{}]);
    // Each takes so much beside its size, for its dedupId, that a thousand just fit into one write.
    const many = Array.from({ length: 1000 }, (_, index) => ({ body: 'x'.repeat(30), dedupId: `${index}` }));
    await gateways.api.post(`${path}/messages`).set({ traceparent }).send({ messages: many }).expect(201);
    expect(await receivedAttributes(path, 1000)).toEqual(many.map(() => ({})));
  });
});
