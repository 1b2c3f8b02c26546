/** A gateway's credentials, as a second client of the same ensemble comes to feel them. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makeEveryKindOfNode, nodeKinds, SECRET } from '../../support/every-kind-of-node.ts';
import { GatewayProcess, type GatewayProcessOptions } from '../../support/gateway-process.ts';
import { openSecondClient, type SecondClient } from '../../support/second-client.ts';
import { startZooKeeper, type ZooKeeperServer } from '../../support/zookeeper-server.ts';

const credentials = 'zoogate:a password: with colons';
const password = credentials.slice(credentials.indexOf(':') + 1);

let server: ZooKeeperServer;
let stranger: SecondClient;
let owner: SecondClient;
let gateways: GatewayProcess[] = [];

beforeAll(async () => {
  server = await startZooKeeper();
  [stranger, owner] = await Promise.all([
    openSecondClient(server.address),
    openSecondClient(server.address, credentials),
  ]);
});
afterEach(async () => {
  await Promise.all(gateways.map((gateway) => gateway.kill()));
  gateways = [];
});
afterAll(async () => {
  stranger.close();
  owner.close();
  await server.stop();
});

async function startGateway(
  chroot: string,
  variables: GatewayProcessOptions['variables'] = {},
): Promise<GatewayProcess> {
  const gateway = new GatewayProcess({ zooKeeper: server.address + chroot, variables });
  gateways.push(gateway);
  await gateway.whenReady();
  return gateway;
}

/** What a client can do with a node; 'NO_AUTH' each when nothing. */
async function attempts(client: SecondClient, path: string): Promise<string[]> {
  const nameOf = (error: unknown) => (error as Error).name;
  return [
    await client.read(path).catch(nameOf),
    (await client.list(path).catch(nameOf)).toString(),
    await client.set(path, 'changed'),
    await client.create(`${path}/intruder`),
    await client.open(path),
    await client.checkInTransaction(path),
    await client.remove(path),
  ];
}

describe('with credentials', () => {
  test('another client can neither read nor change nor delete any node that a gateway has made', async () => {
    const chroot = `/shared-${randomUUID()}/deep/zoogate`;
    const gateway = await startGateway(chroot, { ZOOGATE_ZOOKEEPER_CREDENTIALS: credentials });
    await makeEveryKindOfNode(gateway.url);
    const top = `/${chroot.split('/')[1]}`;
    const paths = await owner.walk(top);
    // Not clean for having looked at nothing.
    for (const kind of nodeKinds) {
      expect(
        paths.filter((path) => kind.test(path.slice(chroot.length))),
        String(kind),
      ).not.toEqual([]);
    }
    const quota = await owner.walk(`/zookeeper/quota${top}`);
    expect(quota).toContain(`/zookeeper/quota${chroot}/zookeeper_stats`);

    expect(await stranger.walk('/').catch((error) => error.name)).toBe('NO_AUTH');
    for (const path of [...paths, ...quota]) {
      const [removal, ...others] = (await attempts(stranger, path)).reverse();
      expect(others, path).toEqual(Array(6).fill('NO_AUTH'));
      // The parents of these are everybody's, but they are not empty.
      const isOutermost = path === top || path === `/zookeeper/quota${top}`;
      expect(removal, path).toBe(isOutermost ? 'NOT_EMPTY' : 'NO_AUTH');
      expect(await owner.acl(path), path).toEqual([
        expect.stringMatching(/^digest:zoogate:[A-Za-z0-9+/]{27}=:31$/),
      ]);
    }
    // ZooKeeper 3.8 leaves this to everybody, as docs/deployment.md says; 3.9.5 asks for the right to read the parent.
    const existence = stranger.exists(`${chroot}/topics/orders`).catch((error) => error.name);
    expect([true, 'NO_AUTH']).toContain(await existence);
    // It is there to be read by whoever has the credentials.
    const texts = await Promise.all(paths.map((path) => owner.read(path)));
    expect(texts.filter((text) => text.includes(SECRET)).length).toBeGreaterThan(3);
  });

  test('without a chroot everything that a gateway makes is closed as well', async () => {
    const alone = await startZooKeeper();
    const other = await openSecondClient(alone.address);
    const own = await openSecondClient(alone.address, credentials);
    const before = await other.walk('/');
    const gateway = new GatewayProcess({
      zooKeeper: alone.address,
      variables: { ZOOGATE_ZOOKEEPER_CREDENTIALS: credentials },
    });
    gateways.push(gateway);
    await gateway.whenReady();
    await makeEveryKindOfNode(gateway.url);
    const made = (await own.walk('/')).filter((path) => !before.includes(path));
    expect(made.length).toBeGreaterThan(50);
    for (const path of made)
      expect(await other.read(path).catch((error) => error.name), path).toBe('NO_AUTH');
    other.close();
    own.close();
    await gateway.kill();
    await alone.stop();
  });

  test('gateways with the same work together, from a file or from the environment', async () => {
    const chroot = `/shared-${randomUUID()}`;
    const directory = await mkdtemp(join(tmpdir(), 'zoogate-credentials-'));
    const file = join(directory, 'credentials');
    await writeFile(file, `${credentials}\n`);
    const [one, other] = await Promise.all([
      startGateway(chroot, { ZOOGATE_ZOOKEEPER_CREDENTIALS: credentials }),
      startGateway(chroot, { ZOOGATE_ZOOKEEPER_CREDENTIALS_FILE: file }),
    ]);
    await rm(directory, { recursive: true });
    expect((await fetch(`${one.url}/v1/queues/orders`, { method: 'PUT' })).status).toBe(201);
    expect(
      (await fetch(`${other.url}/v1/queues/orders/messages`, { method: 'POST', body: 'x' })).status,
    ).toBe(201);
  });

  test('none of them is ever logged, nor a digest of them', async () => {
    const gateway = await startGateway(`/shared-${randomUUID()}`, {
      ZOOGATE_ZOOKEEPER_CREDENTIALS: credentials,
      ZOOGATE_LOG_LEVEL: 'trace',
    });
    await makeEveryKindOfNode(gateway.url);
    await gateway.stop();
    expect(gateway.output).toContain('ZooKeeper: connected');
    expect(gateway.output).not.toContain(password);
    expect(gateway.output).not.toContain(createHash('sha1').update(credentials).digest('base64'));
    expect(gateway.output).not.toContain(SECRET);
  });
});
