/** Publishing, as the contract has it for queues and topics alike, at two gateways. */
import { describe, expect, it } from 'vitest';
import { SOURCES, type Source, useContract } from '../../support/contract-client.ts';
import { publishJson, type RawRequest, send } from '../../support/raw-http.ts';

const contract = useContract();

const KIB_900 = 900 * 1024;
const MESSAGE_MAX = 256 * 1024;

function publishRaw(source: Source, request: RawRequest, query = '') {
  return send(contract.api.url(), `${source.topicPath}/messages${query}`, request);
}

function text(bytes: number): object {
  return { body: 'x'.repeat(bytes), contentType: 'text/plain' };
}

describe.each(SOURCES)('publishing JSON to the place of a %s', (kind) => {
  it('answers 201 with the ids in the order of the messages', async () => {
    const source = await contract.source(kind);
    const answer = await source.tryPublish({ body: 'a' }, { body: 'b' }, { body: 'c' }).expect(201);
    expect(answer.body).toEqual({ messages: Array(3).fill({ id: expect.any(String) }) });
    const ids = answer.body.messages.map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).toBe(3);
    const received = await source.receive({ max: 3 });
    expect(received.map(({ id, body }) => [id, body])).toEqual([
      [ids[0], 'a'],
      [ids[1], 'b'],
      [ids[2], 'c'],
    ]);
  });

  it('is all or nothing', async () => {
    const source = await contract.source(kind);
    await source.tryPublish({ body: 'a' }, {}).expect(400);
    await source.tryPublish({ body: 'a' }, text(MESSAGE_MAX + 1)).expect(413);
    expect((await source.stats()).messages).toBe(0);
  });

  it('takes 1 to 1000 messages: none is 400, more are 413', async () => {
    const source = await contract.source(kind);
    await source.tryPublish().expect(400);
    const messages = Array.from({ length: 1000 }, (_, body) => ({ body }));
    await source.tryPublish(...messages, { body: 1000 }).expect(413);
    await source.tryPublish(...messages).expect(201);
    expect(await source.drain()).toEqual(messages.map(({ body }) => body));
  });

  it('takes 900 KiB of message sizes in sum, and refuses more with 413', async () => {
    const source = await contract.source(kind);
    const parts = [text(230_400), text(230_400), text(230_400)];
    await source.tryPublish(...parts, text(230_401)).expect(413);
    await source.tryPublish(...parts, { ...text(KIB_900 / 4 - 2), attributes: { a: 'b' } }).expect(201);
    expect((await source.stats()).bytes).toBe(KIB_900 - 2);
  });

  it('takes a message of 256 KiB with its attributes’ names and values, and refuses more with 413', async () => {
    const source = await contract.source(kind);
    const attributes = { ab: 'é' };
    await source.tryPublish({ ...text(MESSAGE_MAX - 3), attributes }).expect(413);
    await source.tryPublish({ ...text(MESSAGE_MAX - 4), attributes }).expect(201);
  });

  it('refuses options as query parameters', async () => {
    const source = await contract.source(kind);
    const request = { headers: { 'content-type': 'application/json' }, body: '{"messages":[{"body":1}]}' };
    expect((await publishRaw(source, request, '?group=a')).status).toBe(400);
    expect(await source.receive()).toEqual([]);
  });

  it.each(['{"b":1.0, "a": 12345678901234567890,"b":[ ]}', '"\\u00e9\\/"', '-0', '1E400', 'null'])(
    'gives the JSON body %s back byte for byte',
    async (body) => {
      const source = await contract.source(kind);
      await publishJson(contract.api.url(), source.topicPath, `{"messages":[{"body":${body}}]}`);
      const { text: answer } = await send(contract.api.url(), `${source.path}/messages/receive`);
      expect(answer).toContain(`"body":${body},"contentType"`);
    },
  );
});

describe.each(SOURCES)('publishing bytes to the place of a %s', (kind) => {
  it('takes the request body for one message’s bytes, with its content type', async () => {
    const source = await contract.source(kind);
    const body = Buffer.from([0, 255, 13, 10]);
    const answer = await publishRaw(source, { headers: { 'content-type': 'image/png' }, body });
    expect(answer.status).toBe(201);
    expect(JSON.parse(answer.text)).toEqual({ messages: [{ id: expect.any(String) }] });
    expect(await source.receiveOne()).toMatchObject({
      bodyBase64: body.toString('base64'),
      contentType: 'image/png',
    });
  });

  it('may be empty, and is application/octet-stream without a content type', async () => {
    const source = await contract.source(kind);
    expect((await publishRaw(source, {})).status).toBe(201);
    expect(await source.receiveOne()).toMatchObject({
      bodyBase64: '',
      contentType: 'application/octet-stream',
    });
  });

  it('takes options as query parameters', async () => {
    const source = await contract.source(kind, { priorities: 3 });
    const query = '?priority=2&group=g&dedupId=d&expiresInSeconds=600&delaySeconds=0';
    const first = await publishRaw(source, { body: 'x' }, query);
    const second = await publishRaw(source, { body: 'x' }, query);
    const [{ id }] = JSON.parse(first.text).messages;
    expect(JSON.parse(second.text)).toEqual({ messages: [{ id, duplicate: true }] });
    expect(await source.receiveOne()).toMatchObject({ id, priority: 2, group: 'g' });
    await publishRaw(source, { body: 'x' }, '?delaySeconds=600');
    expect((await source.stats()).delayed).toBe(1);
    const two = await publishRaw(source, { body: 'x' }, '?delaySeconds=1&deliverAt=2020-01-01T00:00:00Z');
    expect(two.status).toBe(400);
  });

  it('takes attributes as Zoogate-Attribute headers: names lower-cased, values percent-encoded UTF-8', async () => {
    const source = await contract.source(kind);
    const headers = { 'Zoogate-Attribute-Kind': 'caf%C3%A9', 'zoogate-attribute-a.b_c-1': '' };
    expect((await publishRaw(source, { headers, body: 'x' })).status).toBe(201);
    expect((await source.receiveOne()).attributes).toEqual({ kind: 'café', 'a.b_c-1': '' });
  });
});

describe('a message', () => {
  it('has exactly one of body and bodyBase64', async () => {
    const queue = await contract.queue();
    await queue.tryPublish({ contentType: 'text/plain' }).expect(400);
    await queue.tryPublish({ body: 1, bodyBase64: 'YQ==' }).expect(400);
    await queue.publish({ body: null }, { bodyBase64: 'YQ==' });
  });

  it('has a string for its body when contentType is text/*', async () => {
    const queue = await contract.queue();
    await queue.tryPublish({ body: 1, contentType: 'text/plain' }).expect(400);
    await queue.publish({ body: 'é', contentType: 'text/html; charset=utf-8' });
    expect(await queue.receiveOne()).toMatchObject({ body: 'é', contentType: 'text/html; charset=utf-8' });
  });

  it('has application/json, or application/octet-stream, for its contentType by default', async () => {
    const queue = await contract.queue();
    await queue.publish({ body: 1 }, { bodyBase64: '/w==' });
    const received = await queue.receive({ max: 2 });
    expect(received.map(({ contentType }) => contentType)).toEqual([
      'application/json',
      'application/octet-stream',
    ]);
  });

  it('has at most 32 attributes with names of 128 characters and string values', async () => {
    const queue = await contract.queue();
    const attributes = Object.fromEntries(
      Array.from({ length: 32 }, (_, index) => [`${index}`.padStart(128, 'aA0_.-'), 'v']),
    );
    await queue.publish({ body: 1, attributes });
    expect((await queue.receiveOne()).attributes).toEqual(attributes);
    await queue.tryPublish({ body: 1, attributes: { ...attributes, more: 'v' } }).expect(400);
    for (const bad of [{ 'a b': 'v' }, { '': 'v' }, { ['a'.repeat(129)]: 'v' }, { a: 1 }]) {
      await queue.tryPublish({ body: 1, attributes: bad }).expect(400);
    }
  });

  it('has a group and a dedupId of at most 128 characters', async () => {
    const queue = await contract.queue();
    const label = 'é'.repeat(128);
    await queue.publish({ body: 1, group: label, dedupId: label });
    expect((await queue.receiveOne()).group).toBe(label);
    await queue.tryPublish({ body: 1, group: `${label}x` }).expect(400);
    await queue.tryPublish({ body: 1, dedupId: `${label}x` }).expect(400);
  });

  it('has a priority up to priorities - 1', async () => {
    const queue = await contract.queue({ priorities: 3 });
    const refused = await queue.tryPublish({ body: 1 }, { body: 1, priority: 3 }).expect(400);
    expect(refused.body).toMatchObject({ code: 'validation', errors: [{ path: 'messages.1.priority' }] });
    await queue.publish({ body: 1, priority: 2 });
    expect(await queue.stats()).toMatchObject({ messages: 1 });
  });
});

describe('a 201', () => {
  it('is sent only for what is stored: every gateway has it', async () => {
    const queue = await contract.queue();
    await Promise.all(Array.from({ length: 40 }, (_, body) => queue.publishBodies(body)));
    for (const url of contract.gateways.urls) {
      const { text: answer } = await send(url, queue.path, { method: 'GET' });
      expect(JSON.parse(answer).stats.messages).toBe(40);
    }
    const bodies = (await queue.drain()) as number[];
    expect(bodies.sort((one, other) => one - other)).toEqual([...Array(40).keys()]);
  });
});
