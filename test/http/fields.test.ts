/**
 * Bad input in every field of every operation: each gets its problem, names its field, and changes nothing.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';
import { send } from '../support/raw-http.ts';

let gateways: TestGateways;
let url: string;
let queue: string;
beforeAll(async () => {
  gateways = await startTestGateways();
  url = gateways.urls[0];
  queue = await gateways.createQueue();
  await gateways.api.post(`${queue}/messages`).send({ messages: [{ body: 1 }] });
});
afterAll(() => gateways.stop());

const NOT_NUMBERS = ['"1"', 'null', 'true', '[]', '{}', '1e999', '-1e999'];
const NOT_STRINGS = ['1', 'null', 'true', '[]', '{}'];

/** Bad JSON texts of each field. */
const CONFIG: Record<string, readonly string[]> = {
  leaseSeconds: [...NOT_NUMBERS, '0.49', '0', '-1', '43200.1'],
  maxDeliveries: [...NOT_NUMBERS, '0', '-1', '1.5', '1e9'],
  deadLetterQueue: [...NOT_STRINGS, '""', '"-a"', '"a/b"', '"../a"', `"${'a'.repeat(129)}"`],
  delaySeconds: [...NOT_NUMBERS, '-0.1', '2592000.5'],
  messageTtlSeconds: [...NOT_NUMBERS, '0', '-1', '1e12'],
  maxMessages: [...NOT_NUMBERS, '0', '1.5', '1e300'],
  maxBytes: [...NOT_NUMBERS, '0', '1.5', '1e300'],
  ordering: [...NOT_STRINGS, '""', '"NONE"', '"fifo"'],
  priorities: [...NOT_NUMBERS, '0', '11', '1.5'],
  dedupWindowSeconds: [...NOT_NUMBERS, '0', '0.9', '86400.1'],
  unknown: ['1', 'null'],
  __proto__x: ['1'],
  constructor: ['1', '{}'],
};

const OPTIONS: Record<string, readonly string[]> = {
  delaySeconds: [...NOT_NUMBERS, '-1', '2592001'],
  deliverAt: [...NOT_STRINGS, '""', '"tomorrow"', '"2030-02-30T00:00:00Z"', '"2999-01-01T00:00:00Z"'],
  expiresInSeconds: [...NOT_NUMBERS, '0', '-1', '1e12'],
  priority: [...NOT_NUMBERS, '-1', '10', '0.5', '1'],
  group: [...NOT_STRINGS, '""', `"${'x'.repeat(129)}"`, '"\\ud800"'],
  dedupId: [...NOT_STRINGS, '""', `"${'x'.repeat(129)}"`, '"\\ud800"'],
};

const MESSAGE: Record<string, readonly string[]> = {
  ...OPTIONS,
  bodyBase64: [...NOT_STRINGS, '"a"', '"YQ"', '"Y Q="', '"_w=="', '"YR=="', '"YQ==\\n"'],
  contentType: [...NOT_STRINGS, '""', '"text"', '"text/plain\\r\\nX: 1"', `"text/${'x'.repeat(256)}"`],
  attributes: [
    ...['1', 'null', '"a"', '[]', '{"":"x"}', '{"a b":"x"}', '{"a":1}', '{"a":null}', '{"a":"\\ud800"}'],
    `{"${'x'.repeat(129)}":"x"}`,
    JSON.stringify(Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`a${index}`, 'x']))),
  ],
  unknown: ['1'],
  bodyBase65: ['"a"'],
};

const RECEIVE: Record<string, readonly string[]> = {
  max: [...NOT_NUMBERS, '0', '1001', '1.5', '-1'],
  waitSeconds: [...NOT_NUMBERS, '-0.1', '50.1'],
  leaseSeconds: [...NOT_NUMBERS, '0.4', '43201'],
  autoAck: ['1', '"true"', 'null', '0'],
  attemptId: [...NOT_STRINGS, '""', `"${'x'.repeat(129)}"`],
  ack: ['"x"', 'null', '[1]', '[null]', `["${'x'.repeat(513)}"]`, JSON.stringify(Array(1001).fill('x'))],
  unknown: ['1'],
};

const RECEIPTS = [
  '"x"',
  'null',
  '[]',
  '[1]',
  '{}',
  `["${'x'.repeat(513)}"]`,
  JSON.stringify(Array(1001).fill('x')),
];

interface Bad {
  readonly field: string;
  readonly method: string;
  readonly path: string;
  readonly type?: string;
  readonly body?: string;
}

function inField(
  method: string,
  path: string,
  fields: Record<string, readonly string[]>,
  wrap: (json: string) => string,
): Bad[] {
  return Object.entries(fields).flatMap(([field, texts]) =>
    texts.map((text) => {
      const key = field === '__proto__x' ? '__proto__' : field;
      return { field: key, method, path, type: 'application/json', body: wrap(`"${key}":${text}`) };
    }),
  );
}

function inQuery(method: string, path: string, fields: Record<string, readonly string[]>): Bad[] {
  return Object.entries(fields).flatMap(([field, texts]) =>
    texts.map((text) => ({ field, method, path: `${path}?${field}=${text}` })),
  );
}

/** Fields of a request whose rest is in order. */
const BAD: readonly Bad[] = [
  ...inField('PUT', '', CONFIG, (json) => `{${json}}`),
  // In a merge patch null is no value but the reset to the default.
  ...inField('PATCH', '', CONFIG, (json) => `{${json}}`).filter(
    ({ body, field }) => !body?.endsWith(':null}') || !(field in CONFIG) || field === 'unknown',
  ),
  ...inField('POST', '/messages', MESSAGE, (json) =>
    json.startsWith('"bodyBase64"') ? `{"messages":[{${json}}]}` : `{"messages":[{"body":1,${json}}]}`,
  ),
  ...inField('POST', '/messages/receive', RECEIVE, (json) => `{${json}}`),
  ...['ack', 'nack', 'reject'].flatMap((verb) =>
    inField('POST', `/messages/${verb}`, { receipts: RECEIPTS, unknown: ['1'] }, (json) =>
      json.startsWith('"receipts"') ? `{${json}}` : `{"receipts":["x"],${json}}`,
    ),
  ),
  ...inField(
    'POST',
    '/messages/nack',
    { delaySeconds: [...NOT_NUMBERS, '-1', '43201'] },
    (json) => `{"receipts":["x"],${json}}`,
  ),
  ...inField(
    'POST',
    '/messages/reject',
    { reason: [...NOT_STRINGS, '""', `"${'x'.repeat(1025)}"`, '"\\ud800"'] },
    (json) => `{"receipts":["x"],${json}}`,
  ),
  ...inField(
    'POST',
    '/redrive',
    { to: [...NOT_STRINGS, '""', '"-a"', '"a/b"'], max: [...NOT_NUMBERS, '0', '1.5', '1e9'], unknown: ['1'] },
    (json) => `{${json}}`,
  ),
  ...inField(
    'POST',
    '/messages/extend',
    { leaseSeconds: [...NOT_NUMBERS, '0.4', '43201'] },
    (json) => `{"receipts":["x"],${json}}`,
  ),
  {
    field: 'leaseSeconds',
    method: 'POST',
    path: '/messages/extend',
    type: 'application/json',
    body: '{"receipts":["x"]}',
  },
  ...inQuery('POST', '/messages/receive', {
    max: ['', '0', '1001', '1.5', '%201', '0x1', 'x', '1&max=1'],
    waitSeconds: ['', '-1', '51', '1e999', 'NaN'],
    leaseSeconds: ['', '0', 'x'],
    autoAck: ['', '1', 'TRUE', 'yes'],
    attemptId: ['', 'x'.repeat(129), '%ff'],
    ack: ['x'],
    Max: ['1'],
  }),
  ...inQuery('POST', '/messages', {
    delaySeconds: ['', '-1', 'x'],
    deliverAt: ['', 'tomorrow', '2999-01-01T00:00:00%2B02:00'],
    expiresInSeconds: ['', '0'],
    priority: ['', '-1', '10', '1'],
    group: ['', 'x'.repeat(129)],
    dedupId: ['', 'x'.repeat(129)],
    contentType: ['text/plain'],
  }),
  ...inQuery('GET', '/messages', {
    state: ['', 'READY', 'ready&state=ready'],
    limit: ['', '0', '1001', '1.5'],
    cursor: ['', 'x'.repeat(513)],
    max: ['1'],
  }),
  ...['PUT', 'GET', 'PATCH', 'DELETE'].flatMap((method) => inQuery(method, '', { unknown: ['1', ''] })),
  ...inQuery('POST', '/purge', { force: ['true'] }),
];

async function state(): Promise<unknown> {
  const read = await gateways.api.get(queue).expect(200);
  const { oldestMessageAgeSeconds: _, ...stats } = read.body.stats;
  return { config: read.body.config, stats, etag: read.headers.etag };
}

describe('bad input', () => {
  it('gets a validation problem that names its field, and changes nothing', { timeout: 60_000 }, async () => {
    const before = await state();
    const accepted: string[] = [];
    for (const { field, method, path, type, body } of BAD) {
      const answer = await send(url, `${queue}${path}`, {
        method,
        ...(type === undefined ? {} : { headers: { 'content-type': type } }),
        ...(body === undefined ? {} : { body }),
      });
      const problem =
        answer.headers['content-type'] === 'application/problem+json' ? JSON.parse(answer.text) : {};
      const named = (problem.errors ?? []).some(({ path: at }: { path: string }) =>
        at.split('.').includes(field),
      );
      if (answer.status !== 400 || problem.code !== 'validation' || !named) {
        accepted.push(
          `${method} ${path} ${body?.slice(0, 80)}: ${answer.status} ${answer.text.slice(0, 200)}`,
        );
      }
    }
    expect(accepted).toEqual([]);
    expect(await state()).toEqual(before);
  });

  it.each([
    ['{', 'broken JSON'],
    ['', 'no JSON at all'],
    ['null', 'null'],
    ['[]', 'a list'],
    ['"x"', 'a string'],
    ['{"messages":[{"body":1}]} x', 'something after it'],
    ['\ufeff{"messages":[{"body":1}]}', 'a byte order mark'],
    ['{"messages":{"0":{"body":1}}}', 'messages as an object'],
    ['{"messages":[{}]}', 'neither body nor bodyBase64'],
    ['{"messages":[{"body":1,"bodyBase64":"YQ=="}]}', 'both bodies'],
    ['{"messages":[{"body":1,"contentType":"text/plain"}]}', 'text that is no string'],
    ['{"messages":[{"body":"\\ud800","contentType":"text/plain"}]}', 'text with half a character'],
    ['{"messages":[{"body":1,"delaySeconds":0,"deliverAt":"2020-01-01T00:00:00Z"}]}', 'two delays'],
    ['{"messages":[{"body":NaN}]}', 'NaN'],
  ])('is refused in a publish: %j (%s)', async (json) => {
    const before = await state();
    const answer = await send(url, `${queue}/messages`, {
      headers: { 'content-type': 'application/json' },
      body: json,
    });
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([400, 'validation']);
    expect(await state()).toEqual(before);
  });

  it('is refused when it is not UTF-8', async () => {
    const body = Buffer.concat([
      Buffer.from('{"messages":[{"body":"'),
      Buffer.from([0xff]),
      Buffer.from('"}]}'),
    ]);
    const answer = await send(url, `${queue}/messages`, {
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect(answer.status).toBe(400);
  });

  it('is refused when autoAck and attemptId meet', async () => {
    const answer = await gateways.api.post(`${queue}/messages/receive?autoAck=true&attemptId=a`).expect(400);
    expect(answer.body.errors[0].path).toBe('attemptId');
  });

  it('is worded so that the sender knows what to do', async () => {
    const { body } = await gateways.api
      .put(queue)
      .send({ leaseSeconds: 0.1, priorities: '3', leaseSecs: 1 })
      .expect(400);
    expect(body.errors).toEqual([
      { path: 'leaseSeconds', message: 'must be at least 0.5' },
      { path: 'priorities', message: 'must be a finite number' },
      { path: 'leaseSecs', message: 'is not a known field here; remove it or check its spelling' },
    ]);
  });
});
