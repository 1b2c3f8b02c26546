import { CloudEvent, HTTP } from 'cloudevents';
import { describe, expect, it } from 'vitest';
import { useContract } from '../../support/contract-client.ts';
import { BATCH, BYTES, EVENT, EventClient, eventIn, eventsIn, order } from '../../support/event-client.ts';

const contract = useContract();
const events = new EventClient(() => contract.api.url());

describe('an event that is published in binary mode', () => {
  it('is an ordinary message to whoever receives JSON, with the ce- headers as its attributes', async () => {
    const queue = await contract.queue();
    expect((await events.post(queue.path, HTTP.binary(order))).status).toBe(201);
    const [message] = await queue.receive();
    expect(message).toMatchObject({ body: order.data, contentType: 'application/json' });
    expect(message?.attributes).toEqual({
      'ce-specversion': '1.0',
      'ce-id': '4711',
      'ce-source': '/shop/checkout',
      'ce-type': 'com.example.order.created',
      'ce-subject': 'orders/4711',
      'ce-time': '2030-01-31T12:00:00.000Z',
      'ce-dataschema': 'https://example.com/schemas/order',
      'ce-partitionkey': 'customer-7',
    });
  });

  it.each([BYTES, EVENT])('comes out as it went in with Accept: %s', async (accept) => {
    const queue = await contract.queue();
    await events.post(queue.path, HTTP.binary(order));
    const answer = await events.receiveAs(accept, queue.path);
    expect(eventIn(answer)).toEqual(order);
    expect(answer.headers['zoogate-receipt']).toMatch(/./);
  });

  it('keeps data of any kind', async () => {
    const queue = await contract.queue();
    const bytes = Uint8Array.from([0, 255, 128]);
    const picture = HTTP.binary(new CloudEvent({ ...order, datacontenttype: 'image/png', data: bytes }));
    const text = HTTP.binary(new CloudEvent({ ...order, datacontenttype: 'text/plain', data: '12.50 €' }));
    for (const event of [picture, text]) await events.post(queue.path, event);
    const [first, second] = eventsIn(await events.receiveAs(BATCH, queue.path, '?max=2'));
    expect([first?.data, first?.datacontenttype]).toEqual([bytes, 'image/png']);
    expect([second?.data, second?.datacontenttype]).toEqual(['12.50 €', 'text/plain']);
  });

  it('keeps header values beyond ASCII, percent-encoded as the binding says', async () => {
    const queue = await contract.queue();
    const { headers, body } = HTTP.binary(order);
    const subject = 'Euro%20%E2%82%AC%20%F0%9F%98%80';
    await events.post(queue.path, { headers: { ...headers, 'ce-subject': subject }, body });
    const asBytes = await events.receiveAs(BYTES, queue.path);
    expect(asBytes.headers['ce-subject']).toBe(subject);
  });

  it('needs no data and no content type', async () => {
    const queue = await contract.queue();
    const { headers } = HTTP.binary(new CloudEvent({ id: '1', source: '/s', type: 't' }));
    const { 'content-type': _, ...context } = headers;
    expect((await events.post(queue.path, { headers: context, body: '' })).status).toBe(201);
    const { text } = await events.receiveAs(EVENT, queue.path);
    expect(Object.keys(JSON.parse(text)).sort()).toEqual(['id', 'source', 'specversion', 'time', 'type']);
  });

  it('reaches the subscriptions whose filter its attributes match', async () => {
    const topic = await contract.topic();
    const created = await contract.subscription(topic, { filter: { 'ce-type': [order.type] } });
    const others = await contract.subscription(topic, { filter: { 'ce-type': ['com.example.order.paid'] } });
    await events.post(topic.path, HTTP.binary(order));
    expect(await others.receive()).toEqual([]);
    expect(eventIn(await events.receiveAs(EVENT, created.path))).toEqual(order);
  });

  it.each(['ce-id', 'ce-source', 'ce-type'])('is refused without %s', async (missing) => {
    const queue = await contract.queue();
    const { headers, body } = HTTP.binary(order);
    const { [missing]: _, ...rest } = headers;
    const answer = await events.post(queue.path, { headers: rest, body });
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      400,
      expect.objectContaining({
        code: 'validation',
        errors: [{ path: missing, message: expect.any(String) }],
      }),
    ]);
    expect((await queue.stats()).messages).toBe(0);
  });

  it('is refused when an attribute is given in both ways, or when there are too many', async () => {
    const queue = await contract.queue();
    const { headers, body } = HTTP.binary(order);
    const twice = { ...headers, 'zoogate-attribute-ce-id': 'other' };
    expect((await events.post(queue.path, { headers: twice, body })).status).toBe(400);
    const many = Object.fromEntries(
      Array.from({ length: 25 }, (_, index) => [`zoogate-attribute-${index}`, 'x']),
    );
    expect((await events.post(queue.path, { headers: { ...headers, ...many }, body })).status).toBe(400);
    expect((await queue.stats()).messages).toBe(0);
  });

  it('is told by ce-specversion: without it, ce- headers are headers like any other', async () => {
    const queue = await contract.queue();
    const headers = { 'ce-id': '1', 'ce-type': '%', 'content-type': 'application/json' };
    const body = '{"messages":[{"body":1}]}';
    expect((await events.post(queue.path, { headers, body })).status).toBe(201);
    const [message] = await queue.receive();
    expect([message?.body, message?.attributes]).toEqual([1, {}]);
  });
});

describe('an event that is published in structured mode', () => {
  const text =
    '{ "specversion":"1.0","id":"1","source":"/s","type":"t","subject":null,"data":{"total":12.50,"n":12345678901234567890} }';

  it('is an ordinary message to whoever receives JSON: its body and content type as they were sent', async () => {
    const queue = await contract.queue();
    const headers = { 'content-type': `${EVENT}; charset=UTF-8`, 'zoogate-attribute-kind': 'x' };
    expect((await events.post(queue.path, { headers, body: text }, '?group=g')).status).toBe(201);
    const answer = await events.receiveAs('application/json', queue.path);
    expect(answer.text).toContain(
      `"body":${text},"contentType":"${EVENT}; charset=UTF-8","attributes":{"kind":"x"},"priority":0,"group":"g"`,
    );
  });

  it.each([BYTES, EVENT])('comes out byte for byte with Accept: %s', async (accept) => {
    const queue = await contract.queue();
    await events.post(queue.path, { headers: { 'content-type': EVENT }, body: text });
    const answer = await events.receiveAs(accept, queue.path);
    expect([answer.text, answer.headers['content-type']?.split(';')[0]]).toEqual([text, EVENT]);
  });

  it('is understood as the official SDK sends it, and the other way round', async () => {
    const queue = await contract.queue();
    expect((await events.post(queue.path, HTTP.structured(order))).status).toBe(201);
    expect(eventIn(await events.receiveAs(EVENT, queue.path))).toEqual(order);
  });

  it('may be published as the body of a JSON message, too', async () => {
    const queue = await contract.queue();
    await queue.publish({ body: order.toJSON(), contentType: EVENT });
    expect(eventIn(await events.receiveAs(EVENT, queue.path))).toEqual(order);
  });

  it.each([
    ['{"specversion":"1.0","id":"1","source":"/s"}', 'type'],
    ['{"specversion":"2.0","id":"1","source":"/s","type":"t"}', 'specversion'],
    ['{"specversion":"1.0","id":1,"source":"/s","type":"t"}', 'id'],
    ['{"specversion":"1.0","id":"1","source":"/s","type":"t","data":1,"data_base64":"AA=="}', 'data'],
    ['[]', ''],
    ['', ''],
    ['{', ''],
  ])('is refused when it is %s', async (body, path) => {
    const queue = await contract.queue();
    const answer = await events.post(queue.path, { headers: { 'content-type': EVENT }, body });
    expect([answer.status, JSON.parse(answer.text).errors[0].path]).toEqual([400, path]);
    expect((await queue.stats()).messages).toBe(0);
  });
});
