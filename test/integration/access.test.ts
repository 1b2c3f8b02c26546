/** Access as a real gateway process has it: where it listens, whose keys it takes, and how that changes meanwhile. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { keyHash } from '../../src/access/api-key.ts';
import { PrincipalsFile } from '../support/access-fixture.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { AUDIENCE, TokenIssuer } from '../support/token-issuer.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper, type ZooKeeperServer } from '../support/zookeeper-server.ts';

let server: ZooKeeperServer;
let ended: (() => unknown)[] = [];
beforeAll(async () => {
  server = await startZooKeeper();
});
afterEach(async () => {
  for (const end of ended.reverse()) await end();
  ended = [];
});
afterAll(() => server.stop());

function launch(variables: Record<string, string>): GatewayProcess {
  const gateway = new GatewayProcess({
    zooKeeper: `${server.address}/access`,
    variables: { ZOOGATE_LOG_LEVEL: 'trace', ...variables },
  });
  ended.push(() => gateway.kill());
  return gateway;
}

async function start(variables: Record<string, string>): Promise<GatewayProcess> {
  const gateway = launch(variables);
  await gateway.whenReady();
  return gateway;
}

async function principals(described: Parameters<typeof PrincipalsFile.create>[0]): Promise<PrincipalsFile> {
  const file = await PrincipalsFile.create(described);
  ended.push(() => file.remove());
  return file;
}

async function statusOf(gateway: GatewayProcess, credentials?: string, method = 'GET'): Promise<number> {
  const headers = credentials === undefined ? {} : { authorization: `Bearer ${credentials}` };
  return (await fetch(`${gateway.url}/v1/queues/orders`, { method, headers })).status;
}

describe('a gateway that others could reach', () => {
  test('does not start without authentication, and says what to do', async () => {
    const gateway = launch({ ZOOGATE_HOST: '0.0.0.0' });
    expect((await gateway.ended).code).toBe(1);
    expect(gateway.output).toMatch(
      /^The configuration is wrong: ZOOGATE_HOST is 0\.0\.0\.0, where others can reach/,
    );
  });

  test('starts when that is wanted, and warns', async () => {
    const gateway = await start({ ZOOGATE_HOST: '0.0.0.0', ZOOGATE_ALLOW_UNAUTHENTICATED: 'true' });
    expect(await statusOf(gateway, undefined, 'PUT')).toBe(201);
    const warning = gateway.output.split('\n').find((line) => line.includes('there is no authentication'));
    expect(JSON.parse(warning ?? '{}')).toMatchObject({ level: 40, host: '0.0.0.0' });
  });

  test('starts with a key, and lets in whoever has it, and nobody else', { timeout: 120_000 }, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['scripts/key.mjs'], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
    });
    const [, key = '', hash = ''] = /Key.*?: (zoogate_\S+)\nHash.*?: +(sha256:\S+)\n/.exec(stdout) ?? [];
    expect(keyHash(key)).toBe(hash);
    const gateway = await start({ ZOOGATE_HOST: '0.0.0.0', ZOOGATE_API_KEY_HASH: hash });
    expect(await statusOf(gateway, key, 'PUT')).toBeLessThan(300);
    expect([
      await statusOf(gateway),
      await statusOf(gateway, `${key}x`),
      await statusOf(gateway, hash),
    ]).toEqual([401, 401, 401]);
    expect(gateway.output).toContain('"principal":"environment-key"');
    expect(gateway.output).not.toContain(key);
  });
});

describe('the principals file of a running gateway', () => {
  test('comes into force when it changes, and not when it is wrong', async () => {
    const reader = { rights: { consume: ['orders'] } };
    const file = await principals({ one: reader });
    const gateway = await start({ ZOOGATE_PRINCIPALS_FILE: file.path });
    const statuses = async () => [
      await statusOf(gateway, file.keyOf('one')),
      await statusOf(gateway, file.keyOf('two')),
    ];
    expect([403, 401].includes((await statuses())[1] ?? 0)).toBe(true);

    await file.replace({ two: reader });
    await waitUntil(
      async () => (await statuses())[0] === 401,
      'the key that was removed is not accepted any more',
    );
    expect((await statuses())[1]).not.toBe(401);

    await file.write('{"principals": [{"name": "three", "keyHashes": ["zoogate_oops"], "rights": {}}]}');
    await waitUntil(() => gateway.output.includes('the new principals are refused'), 'the mistake is logged');
    expect(gateway.output).toContain('principals.0.keyHashes.0: expected the hash of a key');
    expect(gateway.output).not.toContain('zoogate_oops');
    expect((await statuses())[1]).not.toBe(401);

    await file.replace({ two: { rights: { publish: ['invoices'] } } });
    await waitUntil(async () => (await statuses())[1] === 403, 'the right is gone');
  });

  test('that is wrong from the start keeps it from starting, in one message', async () => {
    const file = await principals({});
    await file.write('{"principals": [{"name": "", "rights": {"publish": 1}}]}');
    const gateway = launch({ ZOOGATE_PRINCIPALS_FILE: file.path });
    expect((await gateway.ended).code).toBe(1);
    expect(gateway.output).toContain(`The gateway cannot start: ${file.path} cannot be used:`);
    expect(gateway.output).toContain('principals.0.name: expected');
    expect(gateway.output).toContain('principals.0.rights.publish: expected');
    const missing = launch({ ZOOGATE_PRINCIPALS_FILE: '/nowhere/principals.json' });
    expect((await missing.ended).code).toBe(1);
    expect(missing.output).toContain('/nowhere/principals.json cannot be used');
  });
});

describe('tokens at a running gateway', () => {
  test('are accepted from the issuer, with its new keys too, and do what claims or the file say', async () => {
    const issuer = await TokenIssuer.start();
    ended.push(() => issuer.stop());
    const file = await principals({ robot: { subject: 'system:robot', rights: { manage: ['*'] } } });
    const gateway = await start({
      ZOOGATE_PRINCIPALS_FILE: file.path,
      ZOOGATE_JWT_ISSUER: issuer.name,
      ZOOGATE_JWT_AUDIENCE: AUDIENCE,
      ZOOGATE_JWT_KEYS: issuer.keysUrl,
    });
    const robot = await issuer.sign({ sub: 'system:robot', zoogate: {} });
    expect(await statusOf(gateway, robot, 'PUT')).toBeLessThan(300);
    expect(await statusOf(gateway, await issuer.sign({ zoogate: { consume: ['orders'] } }))).toBe(200);
    expect(await statusOf(gateway, await issuer.sign({ zoogate: { consume: ['others'] } }))).toBe(403);
    expect(await statusOf(gateway, await issuer.sign({}))).toBe(403);

    await issuer.addKey('RS256');
    const fresh = await issuer.sign({ sub: 'system:robot' });
    await waitUntil(
      async () => (await statusOf(gateway, fresh)) === 200,
      'a token with a new key is accepted',
    );
    expect(await statusOf(gateway, robot)).toBe(200);
    for (const part of robot.split('.')) expect(gateway.output).not.toContain(part);
    expect(gateway.output).toContain('"principal":"robot"');
    expect(gateway.output).toContain('"principal":"jwt:somebody"');
  });
});
