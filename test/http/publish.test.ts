import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';
import { publishJson, send } from '../support/raw-http.ts';

let gateways: TestGateways;
let url: string;
beforeAll(async () => {
  gateways = await startTestGateways();
  url = gateways.urls[0];
});
afterAll(() => gateways.stop());

/** The text of the answer to a receive of everything. */
async function receiveText(queue: string): Promise<string> {
  const answer = await send(url, `${queue}/messages/receive?max=1000&autoAck=true`);
  expect(answer.status).toBe(200);
  return answer.text;
}

async function receiveAll(queue: string): Promise<Record<string, unknown>[]> {
  return JSON.parse(await receiveText(queue)).messages;
}

describe('publishing JSON', () => {
  it.each([
    '12345678901234567890.10',
    '-0',
    '1E400',
    'null',
    '""',
    '{"b":1,"a":2,"b":3}',
    '{ "a" : [ 1 ,\t2 ]\n}',
    '"\\u00e9\\/\\ud83d\\ude00 é 😀"',
    '"\\ud800"',
    '{"__proto__":{"x":1},"constructor":null}',
    '{"body":{"body":"}"}}',
  ])('gives back %s byte for byte', async (body) => {
    const queue = await gateways.createQueue();
    const answer = await publishJson(url, queue, `{"messages":[ {"group":"g", "body" : ${body} } ]}`);
    expect(answer.status).toBe(201);
    const id = JSON.parse(answer.text).messages[0].id;
    expect(await receiveText(queue)).toContain(
      `{"id":"${id}","body":${body},"contentType":"application/json"`,
    );
  });

  it('gives back any JSON text byte for byte', async () => {
    const queue = await gateways.createQueue();
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.constantFrom('', ' ', '\n\t'), async (value, gap) => {
        const body = JSON.stringify(value, null, gap);
        expect((await publishJson(url, queue, `{"messages":[{"body":${body}}]}`)).status).toBe(201);
        expect(await receiveText(queue)).toContain(`"body":${body},"contentType"`);
      }),
      { numRuns: 50 },
    );
  });

  it('gives back a body of great depth, as JSON and as bytes', async () => {
    const queue = await gateways.createQueue();
    const body = `${'['.repeat(25_000)}${']'.repeat(25_000)}`;
    expect((await publishJson(url, queue, `{"messages":[{"body":${body}}]}`)).status).toBe(201);
    expect(await receiveText(queue)).toContain(`"body":${body},`);
    const raw = { headers: { 'content-type': 'application/x+json' }, body };
    expect((await send(url, `${queue}/messages`, raw)).status).toBe(201);
    expect(await receiveText(queue)).toContain(`"body":${body},`);
  });

  it('survives nesting as deep as a request is long', async () => {
    const queue = await gateways.createQueue();
    const depth = 4_000_000;
    const json = `{"messages":[{"body":${'['.repeat(depth)}${']'.repeat(depth)}}]}`;
    expect([400, 413]).toContain((await publishJson(url, queue, json)).status);
    expect([400, 413]).toContain((await publishJson(url, queue, '['.repeat(8_000_000))).status);
    await gateways.api.get(queue).expect(200);
  });

  it('stores a string as text when the content type is text/*', async () => {
    const queue = await gateways.createQueue();
    const body = 'line\n"two" \u0000 é 😀';
    await gateways.api
      .post(`${queue}/messages`)
      .send({ messages: [{ body, contentType: 'text/plain' }] })
      .expect(201);
    expect((await gateways.api.get(queue)).body.stats.bytes).toBe(Buffer.byteLength(body));
    const [message] = await receiveAll(queue);
    expect(message).toMatchObject({
      body,
      contentType: 'text/plain',
      attributes: {},
      priority: 0,
      deliveries: 1,
    });
  });

  it('gives base64 back as what its content type and bytes allow', async () => {
    const queue = await gateways.createQueue();
    const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');
    const messages = [
      { bodyBase64: base64('\xff\x00') },
      { bodyBase64: base64('plain'), contentType: 'text/csv' },
      { bodyBase64: base64('{"a": 1.0}'), contentType: 'application/cloudevents+json' },
      { bodyBase64: base64('{'), contentType: 'application/json' },
      { bodyBase64: '' },
    ];
    await gateways.api.post(`${queue}/messages`).send({ messages }).expect(201);
    const text = await receiveText(queue);
    expect(text).toContain('"body":{"a": 1.0},');
    const received: Record<string, unknown>[] = JSON.parse(text).messages;
    expect(received.map(({ body, bodyBase64, contentType }) => [body ?? bodyBase64, contentType])).toEqual([
      ['/wA=', 'application/octet-stream'],
      ['plain', 'text/csv'],
      [{ a: 1 }, 'application/cloudevents+json'],
      ['ew==', 'application/json'],
      ['', 'application/octet-stream'],
    ]);
  });

  it('keeps attributes with names that mean something to objects, and the group', async () => {
    const queue = await gateways.createQueue();
    const attributes = '{"__proto__":"a","constructor":"b","toString":"c","A":"","a":"é"}';
    await publishJson(url, queue, `{"messages":[{"body":1,"attributes":${attributes},"group":"g"}]}`);
    const text = await receiveText(queue);
    expect(text).toContain(`"attributes":${attributes},"priority":0,"group":"g"`);
  });

  it('answers in the order of the request', async () => {
    const queue = await gateways.createQueue();
    const messages = Array.from({ length: 1000 }, (_, body) => ({ body }));
    const { body } = await gateways.api.post(`${queue}/messages`).send({ messages }).expect(201);
    const ids = body.messages.map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).toBe(1000);
    const received = await receiveAll(queue);
    expect(received.map(({ id }) => id)).toEqual(ids);
  });

  it('takes the last of duplicate keys of its own fields', async () => {
    const queue = await gateways.createQueue();
    const json = '{"messages":[{"body":1},{"body":2}],"mess\\u0061ges":[{"body": 3,"b\\u006fdy":  4}]}';
    expect((await publishJson(url, queue, json)).status).toBe(201);
    expect((await receiveAll(queue)).map(({ body }) => body)).toEqual([4]);
  });

  it('is told by the media type alone, whatever its parameters and case', async () => {
    const queue = await gateways.createQueue();
    const headers = { 'content-type': 'Application/JSON; charset="utf-8"' };
    const answer = await send(url, `${queue}/messages`, { headers, body: '{"messages":[{"body":1}]}' });
    expect(answer.status).toBe(201);
    expect((await receiveAll(queue)).map(({ body }) => body)).toEqual([1]);
  });
});

describe('publishing bytes', () => {
  it('keeps the bytes, the content type and the attributes', async () => {
    const queue = await gateways.createQueue();
    const body = Buffer.from([0, 255, 10, 13]);
    const headers = { 'content-type': 'Image/PNG; q="1"', 'Zoogate-Attribute-Kind': 'caf%C3%A9%20%25' };
    const answer = await send(url, `${queue}/messages?group=a%20b&priority=0`, { headers, body });
    expect(answer.status).toBe(201);
    expect(await receiveAll(queue)).toEqual([
      expect.objectContaining({
        bodyBase64: body.toString('base64'),
        contentType: 'Image/PNG; q="1"',
        attributes: { kind: 'café %' },
        group: 'a b',
      }),
    ]);
  });

  it('takes no content type for application/octet-stream, also with an empty body', async () => {
    const queue = await gateways.createQueue();
    expect((await send(url, `${queue}/messages`, { body: 'x' })).status).toBe(201);
    expect((await send(url, `${queue}/messages`)).status).toBe(201);
    const received = await receiveAll(queue);
    expect(received.map(({ bodyBase64, contentType }) => [bodyBase64, contentType])).toEqual([
      ['eA==', 'application/octet-stream'],
      ['', 'application/octet-stream'],
    ]);
  });

  it('takes what curl sends by default for bytes of that type', async () => {
    const queue = await gateways.createQueue();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await send(url, `${queue}/messages`, { headers, body: 'a=b' })).status).toBe(201);
    expect(await receiveAll(queue)).toMatchObject([{ contentType: 'application/x-www-form-urlencoded' }]);
  });

  it('takes a body in chunks', async () => {
    const queue = await gateways.createQueue();
    const headers = { 'transfer-encoding': 'chunked', 'content-type': 'text/plain' };
    expect((await send(url, `${queue}/messages`, { headers, body: 'héllo' })).status).toBe(201);
    expect(await receiveAll(queue)).toMatchObject([{ body: 'héllo' }]);
  });

  it.each(['nonsense', 'text/', 'text/plain; x', `text/${'x'.repeat(300)}`])(
    'refuses a content type that is none: %s',
    async (contentType) => {
      const queue = await gateways.createQueue();
      const answer = await send(url, `${queue}/messages`, {
        headers: { 'content-type': contentType },
        body: 'x',
      });
      expect([400, 415]).toContain(answer.status);
      expect(await receiveAll(queue)).toEqual([]);
    },
  );
});

describe('limits of publishing', () => {
  const bytesOf = (length: number): Buffer => Buffer.alloc(length, 'a');
  const MESSAGE_MAX = 262_144;

  it('accepts a message of exactly 256 KiB, attributes included, and refuses one byte more', async () => {
    const queue = await gateways.createQueue();
    const headers = { 'content-type': 'text/plain', 'zoogate-attribute-ab': '%C3%A9c' };
    const fits = await send(url, `${queue}/messages`, { headers, body: bytesOf(MESSAGE_MAX - 5) });
    expect(fits.status).toBe(201);
    const tooLarge = await send(url, `${queue}/messages`, { headers, body: bytesOf(MESSAGE_MAX - 4) });
    expect([tooLarge.status, JSON.parse(tooLarge.text).code]).toEqual([413, 'payload-too-large']);
    expect((await gateways.api.get(queue)).body.stats.messages).toBe(1);
  });

  it('counts what is stored, not how it is spelt', async () => {
    const queue = await gateways.createQueue();
    const escaped = '\\u0061'.repeat(MESSAGE_MAX);
    const text = await publishJson(
      url,
      queue,
      `{"messages":[{"body":"${escaped}","contentType":"text/plain"}]}`,
    );
    expect(text.status).toBe(201);
    const base64 = await publishJson(
      url,
      queue,
      `{"messages":[{"bodyBase64":"${bytesOf(MESSAGE_MAX).toString('base64')}"}]}`,
    );
    expect(base64.status).toBe(201);
    const json = await publishJson(url, queue, `{"messages":[{"body":"${bytesOf(MESSAGE_MAX - 1)}"}]}`);
    expect(json.status).toBe(413);
  });

  it('accepts 900 KiB in sum and refuses one byte more, all of it', async () => {
    const queue = await gateways.createQueue();
    const request = (lastBytes: number): string =>
      JSON.stringify({
        messages: [230_400, 230_400, 230_400, lastBytes].map((length) => ({
          body: bytesOf(length).toString(),
          contentType: 'text/plain',
        })),
      });
    expect((await publishJson(url, queue, request(230_401))).status).toBe(413);
    expect((await gateways.api.get(queue)).body.stats.messages).toBe(0);
    expect((await publishJson(url, queue, request(230_400))).status).toBe(201);
  });

  it('refuses no message with 400 and more than 1000 with 413', async () => {
    const queue = await gateways.createQueue();
    expect((await publishJson(url, queue, '{"messages":[]}')).status).toBe(400);
    const messages = Array.from({ length: 1001 }, () => ({ body: 1 }));
    expect((await publishJson(url, queue, JSON.stringify({ messages }))).status).toBe(413);
  });

  it('refuses a body beyond 8 MiB, declared or in chunks', async () => {
    const queue = await gateways.createQueue();
    const body = bytesOf(8 * 1024 * 1024 + 1);
    for (const headers of [{ 'content-length': String(body.length) }, { 'transfer-encoding': 'chunked' }]) {
      const answer = await send(url, `${queue}/messages`, { headers, body });
      expect([answer.status, JSON.parse(answer.text).code]).toEqual([413, 'payload-too-large']);
    }
  });

  it('refuses options and attributes outside the messages of a JSON request', async () => {
    const queue = await gateways.createQueue();
    const json = { headers: { 'content-type': 'application/json' }, body: '{"messages":[{"body":1}]}' };
    const inQuery = await send(url, `${queue}/messages?group=a`, json);
    expect([inQuery.status, JSON.parse(inQuery.text).errors[0].path]).toEqual([400, 'group']);
    const inHeader = await send(url, `${queue}/messages`, {
      ...json,
      headers: { ...json.headers, 'zoogate-attribute-a': '1' },
    });
    expect(inHeader.status).toBe(400);
    expect(await receiveAll(queue)).toEqual([]);
  });
});
