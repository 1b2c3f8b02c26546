/**
 * The table of docs/access.md, held against a gateway: every route with every right, with keys and tokens that are
 * missing, wrong, expired and right. What is refused changes nothing.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAuthentication } from '../../src/access/index.ts';
import { readConfiguration } from '../../src/config/environment.ts';
import { PrincipalsFile } from '../support/access-fixture.ts';
import { tableRows } from '../support/documents.ts';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';
import { type RawAnswer, send } from '../support/raw-http.ts';
import { silentLogger } from '../support/test-store.ts';
import { AUDIENCE, TokenIssuer } from '../support/token-issuer.ts';
import { whenSettled } from '../support/wait-until.ts';

const EVERYBODY = ['publisher', 'consumer', 'manager', 'monitor', 'elsewhere', 'within'];

/** What a cell of the table stands for: who may, of those who have one right on everything. */
const MEANINGS: Readonly<Record<string, readonly string[]>> = {
  '`publish`': ['publisher'],
  '`consume`': ['consumer'],
  '`manage`': ['manager'],
  'any right': ['publisher', 'consumer', 'manager'],
  'any right but `publish`': ['consumer', 'manager'],
  'any right on the topic or within it; shows what one has any right on': EVERYBODY.filter(
    (name) => !['monitor', 'elsewhere'].includes(name),
  ),
  'shows what one has any right on': EVERYBODY,
  '`consume` on what is acked from, `publish` on what is published to': [],
  '`metrics`': ['monitor'],
  // Tried with a gateway that listens elsewhere.
  'any credentials; nothing on a loopback address': EVERYBODY,
};
const NOTHING = 'nothing';

const NAMES = { queue: 'table-queue', topic: 'table-topic', subscription: 'table-subscription' };

/** With one right each, on all names or on none of those that the table is tried with. */
const PRINCIPALS = {
  publisher: { rights: { publish: ['table-*'] } },
  consumer: { rights: { consume: ['table-*'] } },
  manager: { rights: { manage: ['table-*'] } },
  monitor: { rights: { metrics: true } },
  elsewhere: { rights: { publish: ['other-*'], consume: ['other-*', 'other-*/*'], manage: ['other-*'] } },
  within: { rights: { consume: ['table-topic/other-*'] } },
  everything: { rights: { publish: ['*'], consume: ['*'], manage: ['*'], metrics: true } },
};
type Name = keyof typeof PRINCIPALS;

/** What an operation must be sent to be allowed to succeed; and the status, where it is no success all the same. */
const SENT: Readonly<Record<string, { readonly json?: object; readonly status?: number }>> = {
  patchQueue: { json: {} },
  patchTopic: { json: {} },
  patchSubscription: { json: {} },
  publishToQueue: { json: { messages: [{ body: 1 }] } },
  publishToTopic: { json: { messages: [{ body: 1 }] } },
  ...settling('Queue'),
  ...settling('Subscription'),
  seekSubscription: { json: { to: 'latest' } },
  root: { status: 303 },
  transact: {
    json: {
      acks: [{ queue: NAMES.queue, receipts: ['never'] }],
      publishes: [{ topic: NAMES.topic, messages: [{ body: 1 }] }],
    },
    status: 409,
  },
};

function settling(noun: string): Record<string, { json?: object; status?: number }> {
  const receipts = ['never'];
  return {
    [`ack${noun}Messages`]: { json: { receipts } },
    [`nack${noun}Messages`]: { json: { receipts } },
    [`extend${noun}Messages`]: { json: { receipts, leaseSeconds: 1 } },
    [`reject${noun}Messages`]: { json: { receipts } },
    [`delete${noun}Message`]: { status: 400 },
  };
}

interface Route {
  readonly id: string;
  readonly method: string;
  readonly pattern: string;
  readonly path: string;
}

let gateways: TestGateways;
let issuer: TokenIssuer;
let file: PrincipalsFile;
let routes: Route[];
let needs: Map<string, string>;
const ended: (() => unknown)[] = [];

beforeAll(async () => {
  issuer = await TokenIssuer.start();
  ended.push(() => issuer.stop());
  file = await PrincipalsFile.create(PRINCIPALS);
  ended.push(() => file.remove());
  const { access } = readConfiguration({
    ZOOGATE_PRINCIPALS_FILE: file.path,
    ZOOGATE_JWT_ISSUER: issuer.name,
    ZOOGATE_JWT_AUDIENCE: AUDIENCE,
    ZOOGATE_JWT_KEYS: issuer.keysUrl,
  });
  const authentication = await openAuthentication(access, silentLogger);
  ended.push(() => authentication?.close());
  gateways = await startTestGateways(1, { authentication, publicVersion: false });
  ended.push(() => gateways.stop());
  const { paths } = JSON.parse((await send(gateways.urls[0], '/openapi.json', { method: 'GET' })).text);
  routes = Object.entries<Record<string, { operationId: string }>>(paths).flatMap(([pattern, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => ({
      id: operationId,
      method: method.toUpperCase(),
      pattern,
      path: pattern.replaceAll(
        /\{(\w+)\}/g,
        (_, name) => ({ ...NAMES, receipt: 'AAAA', code: 'internal' })[name as 'queue'],
      ),
    })),
  );
  const text = readFileSync(new URL('../../docs/access.md', import.meta.url), 'utf8');
  needs = new Map(
    tableRows(text, 'What each request needs').map(([request = '', need = '']) => [
      request.replaceAll('`', ''),
      need,
    ]),
  );
});

afterAll(async () => {
  for (const end of ended.reverse()) await end();
});

function request(route: Route, headers: Record<string, string>): Promise<RawAnswer> {
  const json = SENT[route.id]?.json;
  const type = json === undefined ? {} : { 'content-type': 'application/json' };
  return send(gateways.urls[0], route.path, {
    method: route.method,
    headers: { ...type, ...headers },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    // A stream has no end of its own.
    headersOnly: route.id === 'streamTopic',
  });
}

/** Makes sure that everything is there that a request may name. A topic that keeps all is not trimmed meanwhile. */
async function prepare(): Promise<void> {
  const { queue, topic, subscription } = NAMES;
  for (const [path, body] of [
    [`/v1/queues/${queue}`, ''],
    [`/v1/topics/${topic}`, '{"retentionSeconds":3600}'],
    [`/v1/topics/${topic}/subscriptions/${subscription}`, ''],
  ] as const) {
    const headers = { ...file.headersOf('everything'), 'content-type': 'application/json' };
    expect((await send(gateways.urls[0], path, { method: 'PUT', headers, body })).status).toBeLessThan(300);
  }
}

/** Everything that a request could have changed. */
async function state(): Promise<unknown[]> {
  const { queue, topic, subscription } = NAMES;
  const paths = [
    `/v1/queues/${queue}`,
    `/v1/topics/${topic}`,
    `/v1/topics/${topic}/subscriptions/${subscription}`,
  ];
  return Promise.all(
    paths.map(async (path) => {
      const { text } = await send(gateways.urls[0], path, {
        method: 'GET',
        headers: file.headersOf('everything'),
      });
      const { stats, ...rest } = JSON.parse(text);
      return { ...rest, stats: { ...stats, oldestMessageAgeSeconds: undefined } };
    }),
  );
}

function statusWhenAllowed({ id }: Route): (status: number) => boolean {
  const expected = SENT[id]?.status;
  return (status) => (expected === undefined ? status < 300 : status === expected);
}

/** Requests whose sender nobody knows, by what is wrong with their credentials. */
async function strangers(): Promise<Record<string, Record<string, string>>> {
  const bearer = (credentials: string) => ({ authorization: `Bearer ${credentials}` });
  const claims = { zoogate: { publish: ['*'], consume: ['*'], manage: ['*'], metrics: true } };
  const other = await TokenIssuer.start();
  const foreign = await other.sign(claims);
  await other.stop();
  const [head, , signature] = (await issuer.sign(claims)).split('.');
  const forged = Buffer.from(
    JSON.stringify({ ...claims, iss: issuer.name, aud: AUDIENCE, sub: 'x', exp: 4e9 }),
  );
  return {
    'no credentials': {},
    'an empty header': { authorization: '' },
    'another scheme': { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` },
    'a wrong key': bearer(`${file.keyOf('everything').slice(0, -1)}_`),
    'the hash of a key': bearer('sha256:0000000000000000000000000000000000000000000000000000000000000000'),
    'an expired token': bearer(await issuer.sign(claims, { expiresInSeconds: -60 })),
    'a token for another audience': bearer(await issuer.sign({ ...claims, aud: 'others' })),
    'a token of another issuer': bearer(await issuer.sign({ ...claims, iss: 'https://other.test' })),
    'a token without an end': bearer(await issuer.sign(claims, { expiresInSeconds: undefined })),
    'a token signed by somebody else': bearer(foreign),
    'a token whose claims were changed': bearer(`${head}.${forged.toString('base64url')}.${signature}`),
    'a token that is not signed': bearer(
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${forged.toString('base64url')}.`,
    ),
  };
}

describe('the table of what each request needs', () => {
  it('has a row for every route, and none for others', () => {
    const known = routes.map(({ method, pattern }) => `${method} ${pattern}`);
    expect([...needs.keys()].sort()).toEqual(known.sort());
    expect([...needs.values()].filter((need) => need !== NOTHING && !(need in MEANINGS))).toEqual([]);
  });

  it('is what a gateway does, for everybody whom it knows', { timeout: 240_000 }, async () => {
    for (const route of routes) {
      const need = needs.get(`${route.method} ${route.pattern}`) ?? '';
      const allowed = need === NOTHING ? Object.keys(PRINCIPALS) : [...(MEANINGS[need] ?? []), 'everything'];
      const names = Object.keys(PRINCIPALS) as Name[];
      await prepare();
      const before = await whenSettled(state);
      for (const name of names.filter((each) => !allowed.includes(each))) {
        const { status, text, headers } = await request(route, file.headersOf(name));
        const where = `${name}: ${route.method} ${route.pattern} is ${status} ${text}`;
        expect(status, where).toBe(403);
        expect(JSON.parse(text), where).toMatchObject({ code: 'forbidden' });
        expect(headers['www-authenticate'], where).toBeUndefined();
      }
      expect(await whenSettled(state), `${route.method} ${route.pattern}`).toEqual(before);
      for (const name of names.filter((each) => allowed.includes(each))) {
        await prepare();
        const { status, text } = await request(route, file.headersOf(name));
        const where = `${name}: ${route.method} ${route.pattern} is ${status} ${text}`;
        expect(status, where).toSatisfy(statusWhenAllowed(route));
      }
    }
  });

  it('lets nobody in whom the gateway does not know', { timeout: 120_000 }, async () => {
    const unknown = Object.entries(await strangers());
    await prepare();
    const before = await state();
    for (const route of routes) {
      const isPublic = needs.get(`${route.method} ${route.pattern}`) === NOTHING;
      for (const [what, sent] of unknown) {
        const { status, text, headers } = await request(route, sent);
        const where = `${what}: ${route.method} ${route.pattern} is ${status} ${text}`;
        if (isPublic) {
          expect(status, where).toBe(SENT[route.id]?.status ?? 200);
          continue;
        }
        expect(status, where).toBe(401);
        expect(JSON.parse(text), where).toMatchObject({ code: 'unauthorized' });
        expect(headers['www-authenticate'], where).toBe(
          what === 'no credentials'
            ? 'Bearer realm="zoogate"'
            : 'Bearer realm="zoogate", error="invalid_token"',
        );
      }
    }
    expect(await state()).toEqual(before);
  });

  it('counts for HEAD what it says of GET', async () => {
    await prepare();
    for (const route of routes.filter(({ method }) => method === 'GET')) {
      const isPublic = needs.get(`GET ${route.pattern}`) === NOTHING;
      const { status } = await request({ ...route, method: 'HEAD' }, {});
      expect([route.pattern, status]).toEqual([
        route.pattern,
        isPublic ? (SENT[route.id]?.status ?? 200) : 401,
      ]);
    }
  });

  it('counts for tokens as for keys', async () => {
    await prepare();
    const bearing = async (zoogate: object) => ({
      authorization: `Bearer ${await issuer.sign({ zoogate })}`,
    });
    const publisher = await bearing({ publish: ['table-*'] });
    const consumer = await bearing({ consume: [NAMES.queue] });
    const publishing = routes.find(({ id }) => id === 'publishToQueue') as Route;
    const receiving = routes.find(({ id }) => id === 'receiveFromQueue') as Route;
    const statuses = [];
    for (const headers of [publisher, consumer]) {
      for (const route of [publishing, receiving]) statuses.push((await request(route, headers)).status);
    }
    expect(statuses).toEqual([201, 403, 403, 200]);
  });
});
