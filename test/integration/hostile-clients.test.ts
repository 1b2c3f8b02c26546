/**
 * Clients that are slow, broken or mean, at a real gateway: what each of them gets, and that others are served
 * meanwhile as if nobody of that kind were there.
 */
import type { Socket } from 'node:net';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { useGateways } from '../support/gateway-cluster.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { answerOf, type QueueClient } from '../support/queue-client.ts';
import { exchange, openSocket, send } from '../support/raw-http.ts';
import { openPolls, RawPoll } from '../support/raw-polls.ts';
import { waitUntil } from '../support/wait-until.ts';

const cluster = useGateways('file');
const json = { 'content-type': 'application/json' };

let gateway: GatewayProcess;
let queue: QueueClient;
const sockets: Socket[] = [];

beforeAll(async () => {
  const [started] = await cluster.start(1);
  if (started === undefined) throw new Error('one gateway was started');
  gateway = started;
});
beforeEach(async () => {
  const [created] = await cluster.createQueue([gateway]);
  if (created === undefined) throw new Error('one client was made');
  queue = created;
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A bare connection that ends with the test, and whose breaking is nobody's error. */
async function connection(): Promise<Socket> {
  const socket = openSocket(gateway.url).on('error', () => {});
  sockets.push(socket);
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

/** A normal client is served: it publishes, receives and acks. */
async function expectService(): Promise<void> {
  const [other] = await cluster.createQueue([gateway]);
  if (other === undefined) throw new Error('one client was made');
  const { id } = answerOf(await other.publish('normal'));
  const { messages } = answerOf(await other.receive({ waitSeconds: 10 }));
  expect(messages.map((message) => message.id)).toEqual([id]);
  const receipts = messages.map(({ receipt }) => receipt);
  expect(answerOf(await other.settle('ack', receipts))).toMatchObject([{ outcome: 'ok' }]);
  expect(await gateway.readyStatus()).toBe(200);
}

const publishJson = (body: string | Buffer) =>
  send(gateway.url, `${queue.path}/messages`, { headers: json, body });
const stored = async () => (await queue.stats()).messages;
const statuses = (wire: string) =>
  [...wire.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));
const request = (method: string, path: string, body = '', headers = '') =>
  `${method} ${path} HTTP/1.1\r\nHost: test\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`;

describe('clients that are slow', () => {
  test('hundreds that send a byte of their headers or of their bodies now and then harm nobody', async () => {
    const dribbling = await Promise.all(Array.from({ length: 300 }, connection));
    const head = `POST ${queue.path}/messages HTTP/1.1\r\nHost: test\r\nContent-Length: 8000000\r\n\r\n`;
    for (const [index, socket] of dribbling.entries()) socket.write(index % 2 ? head : 'GET /livez HTT');
    for (let turn = 0; turn < 5; turn += 1) {
      for (const socket of dribbling) socket.write('x');
      await expectService();
    }
    expect(await stored()).toBe(0);
  });

  test('hundreds that never take their answers are disconnected, or wait, and harm nobody', async () => {
    const body = JSON.stringify({ body: 'x'.repeat(200_000) });
    for (let count = 0; count < 20; count += 1) {
      expect((await publishJson(`{"messages":[${[body, body, body, body].join()}]}`)).status).toBe(201);
    }
    const silent = await Promise.all(Array.from({ length: 100 }, connection));
    for (const socket of silent) {
      socket.pause();
      socket.write(request('POST', `${queue.path}/messages/receive?max=1000&leaseSeconds=0.5`));
      socket.write(request('GET', `${queue.path}/messages?limit=1000`));
    }
    for (let turn = 0; turn < 5; turn += 1) await expectService();
    for (const socket of silent) socket.destroy();
    await waitUntil(async () => (await queue.stats()).ready === 80, 'what they held is free again');
  });

  test('a thousand idle connections and a thousand polls harm nobody', async () => {
    for (let opened = 0; opened < 1000; opened += 250) {
      await Promise.all(Array.from({ length: 250 }, connection));
    }
    const polls = await openPolls(1000, () => new RawPoll(gateway.url, queue.path));
    await expectService();
    for (const poll of polls) poll.leave();
    await expectService();
  });

  test('polls that were pipelined and left take nothing with them', async () => {
    const poll = request('POST', `${queue.path}/messages/receive?waitSeconds=50`);
    const left = await Promise.all(Array.from({ length: 20 }, connection));
    for (const socket of left) socket.write(poll.repeat(10));
    await expectService();
    for (const socket of left) socket.destroy();
    await expectService();
    const { id } = answerOf(await queue.publish('for who stayed'));
    const { messages } = answerOf(await queue.receive({ waitSeconds: 20 }));
    expect(messages.map((message) => message.id)).toEqual([id]);
  });
});

describe('requests that end too early, or do not end', () => {
  test('of bodies that are cut off nothing is stored', async () => {
    for (const ending of ['destroy', 'end'] as const) {
      const body = '{"messages":[{"body":"half"}]}';
      const chunked = `POST ${queue.path}/messages HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n`;
      const cut = [
        request('POST', `${queue.path}/messages`, body, 'Content-Type: application/json\r\n').slice(0, -1),
        `${chunked}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n`,
      ];
      for (const bytes of cut) {
        const socket = await connection();
        await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
        socket[ending]();
        await new Promise((resolve) =>
          socket.closed ? resolve(undefined) : socket.resume().once('close', resolve),
        );
      }
    }
    await expectService();
    expect(await stored()).toBe(0);
  });

  test('a body in thousands of tiny chunks is one body', async () => {
    const body = JSON.stringify({ messages: [{ body: 'x'.repeat(20_000) }] });
    const chunks = [...body].map((character) => `1\r\n${character}\r\n`).join('');
    const head = `POST ${queue.path}/messages HTTP/1.1\r\nHost: test\r\nConnection: close\r\n`;
    const headers = 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
    expect(statuses(await exchange(gateway.url, `${head}${headers}${chunks}0\r\n\r\n`))).toEqual([201]);
    expect(await stored()).toBe(1);
  });

  test('requests sent one behind the other are answered in their order', async () => {
    const publish = (body: string) =>
      request('POST', `${queue.path}/messages`, body, 'Content-Type: text/plain\r\n');
    const texts = Array.from({ length: 200 }, (_, index) => `number ${index}`);
    const last = request('GET', '/livez', '', 'Connection: close\r\n');
    const wire = await exchange(gateway.url, texts.map(publish).join('') + request('GET', '/nowhere') + last);
    expect(statuses(wire)).toEqual([...texts.map(() => 201), 404, 200]);
    const { messages } = answerOf(await queue.receive({ max: 1000 }));
    expect(new Set(messages.map(({ body }) => body))).toEqual(new Set(texts));
  });
});

describe('bytes that are to be understood in two ways', () => {
  const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n';
  test.each([
    ['both lengths', `Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ['two lengths', `Content-Length: 0\r\nContent-Length: 39\r\n\r\n${smuggled}`],
    ['a length that is a list', `Content-Length: 0, 39\r\n\r\n${smuggled}`],
    ['a negative length', `Content-Length: -1\r\n\r\n${smuggled}`],
    ['an encoding that is not the last', `Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`],
    [
      'a header folded',
      `X: 1\r\n Transfer-Encoding: chunked\r\nContent-Length: 0\r\nY :1\r\n\r\n${smuggled}`,
    ],
    ['a bare line feed in a chunk', `Transfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n${smuggled}`],
  ])('%s: refused, and what comes behind is not taken for a request', async (_, rest) => {
    const wire = await exchange(gateway.url, `POST ${queue.path}/messages HTTP/1.1\r\nHost: test\r\n${rest}`);
    expect(statuses(wire)).toEqual([400]);
    expect(await stored()).toBe(0);
    await expectService();
  });

  test('headers beyond their limit are 431, by size and by number', async () => {
    const many = 'Name: value\r\n'.repeat(3_000);
    for (const headers of [`X: ${'x'.repeat(20_000)}\r\n`, many]) {
      expect(statuses(await exchange(gateway.url, request('GET', '/livez', '', headers)))).toEqual([431]);
    }
  });
});

describe('JSON that is meant to harm', () => {
  test.each([
    ['arrays', '['.repeat(100_000)],
    ['closed arrays', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects', '{"a":'.repeat(100_000)],
    ['closed objects', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`],
    ['bodies', `{"messages":[{"body":${'['.repeat(100_000)}${']'.repeat(100_000)}}]}`],
  ])('%s of a hundred thousand levels are answered, and the gateway lives', async (_, body) => {
    for (const path of [
      queue.path,
      `${queue.path}/messages/receive`,
      `${queue.path}/messages`,
      '/v1/transactions',
    ]) {
      const method = path === queue.path ? 'PUT' : 'POST';
      const { status } = await send(gateway.url, path, { method, headers: json, body });
      expect([201, 400, 413], `${method} ${path}`).toContain(status);
    }
    const { status } = await send(gateway.url, `${queue.path}/messages/receive`);
    expect(status).toBe(200);
    await expectService();
  });

  test.each(['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString'])(
    'a field %s is a field like any other that is not known',
    async (name) => {
      const field = JSON.stringify(name);
      expect((await publishJson(`{"messages":[{"body":1}],${field}:{"polluted":1}}`)).status).toBe(400);
      expect((await publishJson(`{"messages":[{"body":1,${field}:{"polluted":1}}]}`)).status).toBe(400);
      const config = { method: 'PUT', headers: json, body: `{${field}:{"leaseSeconds":1}}` };
      expect((await send(gateway.url, queue.path, config)).status).toBe(400);
      const query = `${queue.path}/messages/receive?${name}=1`;
      expect((await send(gateway.url, query)).status).toBe(400);
      expect(await stored()).toBe(0);
    },
  );

  test.each(['__proto__', 'constructor', 'tostring'])(
    'an attribute %s is refused, or kept as it is',
    async (name) => {
      const attributes = `"attributes":{${JSON.stringify(name)}:"x"}`;
      const asJson = await publishJson(`{"messages":[{"body":1,${attributes}}]}`);
      const headers = { [`zoogate-attribute-${name}`]: 'x' };
      const asHeader = await send(gateway.url, `${queue.path}/messages`, { headers, body: 'x' });
      const accepted = [asJson, asHeader].filter(({ status }) => status === 201).length;
      expect([asJson.status, asHeader.status]).toEqual([accepted > 0 ? 201 : 400, accepted > 0 ? 201 : 400]);
      const { text } = await send(gateway.url, `${queue.path}/messages/receive?max=10`);
      expect(text.split(attributes)).toHaveLength(accepted + 1);
    },
  );

  test('a body inside of a message keeps such fields as they are', async () => {
    const body = '{"__proto__": {"polluted": 1}, "constructor": {"prototype": null}}';
    expect((await publishJson(`{"messages":[{"body":${body}}]}`)).status).toBe(201);
    const { text } = await send(gateway.url, `${queue.path}/messages/receive`);
    expect(text).toContain(body);
  });

  test.each([
    ['is not UTF-8', Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d])],
    ['has half of a surrogate pair', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['begins with a byte order mark', Buffer.from('\ufeff{"messages":[{"body":1}]}')],
    ['has a number beyond all limits', Buffer.from('{"messages":[{"body":1,"priority":1e999}]}')],
    ['has a negative number', Buffer.from('{"messages":[{"body":1,"delaySeconds":-1}]}')],
    ['has a number that is not whole', Buffer.from('{"messages":[{"body":1,"priority":0.5}]}')],
    ['has a text for a number', Buffer.from('{"messages":[{"body":1,"delaySeconds":"1"}]}')],
  ])('what %s is 400, and nothing is stored', async (_, body) => {
    expect((await publishJson(body)).status).toBe(400);
    expect(await stored()).toBe(0);
  });

  test('a field given twice is not two fields', async () => {
    const { status } = await publishJson('{"messages":[{"body":1}],"messages":[{"body":2},{"body":3}]}');
    expect([201, 400]).toContain(status);
    expect(await stored()).toBe(status === 201 ? 2 : 0);
    expect((await send(gateway.url, `${queue.path}/messages/receive?max=1&max=2`)).status).toBe(400);
  });

  test.each(['-1', '0', '1001', '1e4', '0x10', '99999999999999999999', 'NaN', 'Infinity', '', '1.5'])(
    'max=%s is 400',
    async (value) => {
      expect((await send(gateway.url, `${queue.path}/messages/receive?max=${value}`)).status).toBe(400);
    },
  );

  test.each(['-1', '51', '1e9', 'NaN', ''])('waitSeconds=%s is 400', async (value) => {
    expect((await send(gateway.url, `${queue.path}/messages/receive?waitSeconds=${value}`)).status).toBe(400);
  });
});
