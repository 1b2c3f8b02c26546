/** What the log and the audit log say about where requests come from, and how little strangers can fill them. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeApiKey } from '../../src/access/api-key.ts';
import { type LocalGateway, startLocalGateway } from '../support/local-gateway.ts';
import { startZooKeeper, type ZooKeeperServer } from '../support/zookeeper-server.ts';

interface Line {
  readonly msg: string;
  readonly reqId?: string;
  readonly remoteAddress?: string;
  readonly attempts?: number;
  readonly remoteAddresses?: readonly string[];
}

const { key, hash } = makeApiKey(randomBytes);
const known = { authorization: `Bearer ${key}` };

let server: ZooKeeperServer;
let directory: string;

beforeAll(async () => {
  server = await startZooKeeper();
  directory = await mkdtemp(join(tmpdir(), 'zoogate-addresses-'));
});
afterAll(async () => {
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
});

const linesOf = (text: string): Line[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

/** A gateway with an audit file; answers what it and its log hold afterwards. */
async function during(
  variables: Record<string, string>,
  act: (gateway: LocalGateway) => Promise<void>,
): Promise<{ log: Line[]; audit: Line[] }> {
  const file = join(directory, `${randomUUID()}.log`);
  const gateway = await startLocalGateway(`${server.address}/${randomUUID()}`, {
    ZOOGATE_API_KEY_HASH: hash,
    ZOOGATE_AUDIT_FILE: file,
    ...variables,
  });
  try {
    await gateway.whenReady();
    await act(gateway);
  } finally {
    await gateway.close();
  }
  return { log: linesOf(gateway.log), audit: linesOf(await readFile(file, 'utf8')) };
}

describe('the address of a client', { timeout: 60_000 }, () => {
  test.each([
    [undefined, '203.0.113.9', '127.0.0.1'],
    ['192.0.2.0/24', '203.0.113.9', '127.0.0.1'],
    ['127.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['127.0.0.0/8', '2001:db8::7', '2001:db8::7'],
    // What the client itself has put there stands to the left of what a trusted one has seen.
    ['127.0.0.1', '203.0.113.9, 198.51.100.7', '198.51.100.7'],
    ['127.0.0.1, 198.51.100.0/24', '10.1.1.1, 203.0.113.9, 198.51.100.7', '203.0.113.9'],
    ['127.0.0.1', 'no address', '127.0.0.1'],
    ['127.0.0.1', '', '127.0.0.1'],
  ])('with the trusted proxies %s and X-Forwarded-For "%s" is %s', async (trusted, forwarded, address) => {
    const id = randomUUID();
    const variables = trusted === undefined ? {} : { ZOOGATE_TRUSTED_PROXIES: trusted };
    const { log, audit } = await during(variables, async ({ url }) => {
      const headers = { ...known, 'x-forwarded-for': forwarded, 'x-request-id': id };
      expect((await fetch(`${url}/v1/queues/orders`, { method: 'PUT', headers })).status).toBe(201);
    });
    expect(audit).toMatchObject([{ reqId: id, remoteAddress: address }]);
    const request = log.find(({ msg, reqId }) => msg === 'request' && reqId === id);
    expect(request?.remoteAddress).toBe(address);
  });
});

test('strangers are named by their address in the log, and have no line in the audit file', async () => {
  const attempts = 50;
  const { log, audit } = await during({}, async ({ url }) => {
    const put = (headers: Record<string, string>) =>
      fetch(`${url}/v1/queues/orders`, { method: 'PUT', headers });
    for (let index = 0; index < attempts; index += 1) {
      expect((await put({ authorization: `Bearer wrong-${index}` })).status).toBe(401);
    }
    expect((await put(known)).status).toBe(201);
  });
  expect(audit).toMatchObject([{ action: 'create', outcome: 'ok' }]);
  const requests = log.filter(({ msg }) => msg === 'request');
  expect(requests.filter(({ remoteAddress }) => remoteAddress !== '127.0.0.1')).toEqual([]);
  const summaries = log.filter(({ attempts: count }) => count !== undefined);
  // The first at once, and the others when the minute is over, or the gateway ends.
  expect(summaries.map(({ attempts: count }) => count)).toEqual([1, attempts - 1]);
  expect(summaries[1]?.remoteAddresses).toEqual(['127.0.0.1']);
}, 60_000);
