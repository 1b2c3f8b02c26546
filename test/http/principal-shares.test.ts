/** One principal that asks for everything at once: it is refused, and the others go on. */
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Authentication, openAuthentication } from '../../src/access/index.ts';
import { buildApp } from '../../src/app.ts';
import { readConfiguration } from '../../src/config/environment.ts';
import { LOOPBACK_RULES } from '../../src/routes/http/authenticator.ts';
import { type PrincipalLimits, principalLimits } from '../../src/routes/http/principal-shares.ts';
import { PrincipalsFile } from '../support/access-fixture.ts';
import { type RawAnswer, send } from '../support/raw-http.ts';
import { silentLogger } from '../support/test-store.ts';
import { waitUntil } from '../support/wait-until.ts';

const RIGHTS = { publish: ['*'], consume: ['*'], manage: ['*'] };
const LIMITS: PrincipalLimits = { requestsMax: 4, waitingReceivesMax: 2, requestBytesMax: 200_000 };

let file: PrincipalsFile;
let authentication: Authentication | undefined;
let app: FastifyInstance;
let url: string;
/** Lets go of whatever the broker is asked meanwhile. */
const waiting: (() => void)[] = [];

beforeAll(async () => {
  file = await PrincipalsFile.create({ greedy: { rights: RIGHTS }, modest: { rights: RIGHTS } });
  const { access } = readConfiguration({ ZOOGATE_PRINCIPALS_FILE: file.path });
  authentication = await openAuthentication(access, silentLogger);
  const later = <Value>(value: Value) => new Promise<Value>((resolve) => waiting.push(() => resolve(value)));
  app = buildApp({
    broker: {
      receive: () => later({ messages: [] }),
      publish: () => later([{ id: '0-1' }]),
    } as never,
    access: { ...LOOPBACK_RULES, authentication },
    load: { requestsMax: 100, ofPrincipal: LIMITS },
  });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => letGo());
afterAll(async () => {
  await app?.close();
  authentication?.close();
  await file?.remove();
});

function letGo(): void {
  for (const each of waiting.splice(0)) each();
}

const receive = (name: string, waitSeconds: number): Promise<RawAnswer> =>
  send(url, `/v1/queues/q/messages/receive?waitSeconds=${waitSeconds}`, { headers: file.headersOf(name) });
const publish = (name: string, bytes: number): Promise<RawAnswer> =>
  send(url, '/v1/queues/q/messages', { headers: file.headersOf(name), body: Buffer.alloc(bytes, 'x') });

/** Sends them, and returns once the broker has them all. */
async function underWay(send: () => Promise<RawAnswer>, count: number): Promise<Promise<RawAnswer>[]> {
  const before = waiting.length;
  const sent = Array.from({ length: count }, send);
  await waitUntil(() => waiting.length === before + count, 'all are under way');
  return sent;
}

async function expectRefused(answer: Promise<RawAnswer>, what: RegExp): Promise<void> {
  const { status, headers, text } = await answer;
  expect([status, JSON.parse(text).code, headers['retry-after']]).toEqual([429, 'rate-limited', '1']);
  expect(JSON.parse(text).detail).toMatch(what);
}

describe('one principal', () => {
  it('takes no more places for waiting receives than it may, and others theirs', async () => {
    const polls = await underWay(() => receive('greedy', 20), 2);
    await expectRefused(receive('greedy', 20), /^greedy has 2 receives that wait/);
    const others = await underWay(() => receive('modest', 20), 2);
    const atOnce = await underWay(() => receive('greedy', 0), 1);
    letGo();
    for (const answer of [...polls, ...others, ...atOnce]) expect((await answer).status).toBe(200);
    const [again] = await underWay(() => receive('greedy', 20), 1);
    letGo();
    expect((await again)?.status).toBe(200);
  });

  it('has no more requests under way than it may, and others theirs', async () => {
    const first = await underWay(() => publish('greedy', 10), 4);
    await expectRefused(publish('greedy', 10), /^greedy has 4 requests under way/);
    const others = await underWay(() => publish('modest', 10), 4);
    letGo();
    for (const answer of [...first, ...others]) expect((await answer).status).toBe(201);
  });

  it('has no more of its bodies in memory than it may, and others theirs', async () => {
    const [first] = await underWay(() => publish('greedy', 150_000), 1);
    await expectRefused(publish('greedy', 100_000), /^greedy has as much memory for bodies/);
    const [other] = await underWay(() => publish('modest', 150_000), 1);
    letGo();
    expect([(await first)?.status, (await other)?.status]).toEqual([201, 201]);
  });
});

describe('the part of one principal', () => {
  const gateway: PrincipalLimits = { requestsMax: 16_000, waitingReceivesMax: 12_000, requestBytesMax: 1e8 };

  it('is so many percent, and never too small for one request', () => {
    expect(principalLimits(gateway, 25, 1000)).toEqual({
      requestsMax: 4000,
      waitingReceivesMax: 3000,
      requestBytesMax: 25_000_000,
    });
    expect(principalLimits({ ...gateway, waitingReceivesMax: 3 }, 1, 9e6)).toEqual({
      requestsMax: 160,
      waitingReceivesMax: 1,
      requestBytesMax: 9_000_000,
    });
  });

  it('is all where there can be no other', () => {
    const key = `sha256:${'0'.repeat(64)}`;
    const percentOf = (given: Record<string, string>) => readConfiguration(given).access.principalPercent;
    expect(percentOf({})).toBeUndefined();
    expect(percentOf({ ZOOGATE_API_KEY_HASH: key })).toBeUndefined();
    expect(percentOf({ ZOOGATE_PRINCIPALS_FILE: 'principals.json' })).toBe(25);
    const whole = { ZOOGATE_PRINCIPALS_FILE: 'principals.json', ZOOGATE_PRINCIPAL_PERCENT: '100' };
    expect(percentOf(whole)).toBeUndefined();
  });
});
