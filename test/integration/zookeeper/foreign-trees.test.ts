/** Trees that do not belong to a gateway's credentials, or not yet, and ensembles that do not take them. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { groupBy } from '../../support/group-by.ts';
import { type LocalGateway, startLocalGateway } from '../../support/local-gateway.ts';
import { openSecondClient, type SecondClient } from '../../support/second-client.ts';
import { startProxy } from '../../support/tcp-proxy.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { startZooKeeper, type ZooKeeperServer } from '../../support/zookeeper-server.ts';

const credentials = 'zoogate:one';
const others = 'zoogate:another';

let server: ZooKeeperServer;
let stranger: SecondClient;
let opened: { close(): unknown }[] = [];

beforeAll(async () => {
  server = await startZooKeeper();
  stranger = await openSecondClient(server.address);
});
afterEach(async () => {
  await Promise.all(opened.map((each) => each.close()));
  opened = [];
});
afterAll(async () => {
  stranger.close();
  await server.stop();
});

async function launch(zooKeeper: string, ...lines: string[]): Promise<LocalGateway> {
  const gateway = await startLocalGateway(zooKeeper, {
    ZOOGATE_REQUEST_TIMEOUT_MS: '1000',
    ...(lines.length === 0 ? {} : { ZOOGATE_ZOOKEEPER_CREDENTIALS: lines.join('\n') }),
  });
  opened.push(gateway);
  return gateway;
}

async function start(chroot: string, ...lines: string[]): Promise<LocalGateway> {
  const gateway = await launch(server.address + chroot, ...lines);
  await gateway.whenReady();
  return gateway;
}

async function openClient(address: string, as?: string): Promise<SecondClient> {
  const client = await openSecondClient(address, as);
  opened.push(client);
  return client;
}

async function publish(gateway: LocalGateway, queue: string, body: string): Promise<number> {
  return (await fetch(`${gateway.url}/v1/queues/${queue}/messages`, { method: 'POST', body })).status;
}

describe('a tree that belongs to others', () => {
  test.each([
    { what: 'no credentials', lines: [], explanation: 'this gateway has none' },
    {
      what: 'other credentials',
      lines: [others],
      explanation: 'other credentials than those of this gateway',
    },
  ])('with $what a gateway says so, is not ready, and refuses requests', async ({ lines, explanation }) => {
    const chroot = `/closed-${randomUUID()}`;
    await start(chroot, credentials);
    const gateway = await launch(server.address + chroot, ...lines);
    await waitUntil(() => gateway.log.includes(explanation), 'it says why');
    expect(gateway.log).toContain('no permission');
    expect(await gateway.readyStatus()).toBe(503);
    expect(await publish(gateway, 'orders', 'x')).toBe(503);
    // However often it tries.
    expect(gateway.log.split(explanation)).toHaveLength(2);
  });

  test('only in a part is refused there, told, and does not disturb the rest', async () => {
    const chroot = `/partly-${randomUUID()}`;
    const gateway = await start(chroot, credentials);
    const owner = await openClient(server.address, credentials);
    expect((await fetch(`${gateway.url}/v1/queues/mine`, { method: 'PUT' })).status).toBe(201);
    expect(await owner.open(`${chroot}/topics`)).toBe('ok');
    const other = await openClient(server.address, others);
    expect(await other.create(`${chroot}/topics/theirs`, '{}', others)).toBe('ok');
    expect((await fetch(`${gateway.url}/v1/queues/theirs`)).status).toBe(503);
    await waitUntil(() => gateway.log.includes('belongs to others'), 'it is told');
    expect(await publish(gateway, 'mine', 'x')).toBe(201);
    expect(await gateway.readyStatus()).toBe(200);
  });
});

describe('an ensemble', () => {
  test('that does not take digest credentials is told of, and taken up again once it does', async () => {
    const refusing = await startZooKeeper(['DigestAuthenticationProvider.enabled=false']);
    opened.push({ close: () => refusing.stop() });
    const proxy = await startProxy(refusing.port);
    opened.push(proxy);
    const gateway = await launch(`${proxy.address}/refused`, credentials);
    await waitUntil(() => gateway.log.includes('authentication failed'), 'it says so');
    expect(await gateway.readyStatus()).toBe(503);
    proxy.targetPort = server.port;
    proxy.cut();
    await gateway.whenReady();
  });

  test('that computes other digests is told of, and no node is made that would be closed to the gateway', async () => {
    const strange = await startZooKeeper(['DigestAuthenticationProvider.digestAlg=SHA-256']);
    opened.push({ close: () => strange.stop() });
    const gateway = await launch(`${strange.address}/zoogate`, credentials);
    await waitUntil(() => gateway.log.includes('default digests (SHA-1)'), 'it says so');
    const client = await openClient(strange.address);
    expect(await client.list('/')).toEqual(['zookeeper']);
  });
});

describe('the credentials', () => {
  test('go ahead of every other request, on each connection anew', async () => {
    const proxy = await startProxy(server.port);
    opened.push(proxy);
    const requests: { connection: number; kind: string }[] = [];
    const authentication = 100;
    proxy.onRequest = ({ opcode }) => {
      requests.push({ connection: proxy.handshakes, kind: opcode === authentication ? 'auth' : 'other' });
      return 'forward';
    };
    const chroot = `/again-${randomUUID()}`;
    const gateway = await launch(proxy.address + chroot, credentials);
    await gateway.whenReady();
    expect((await fetch(`${gateway.url}/v1/queues/orders`, { method: 'PUT' })).status).toBe(201);
    for (let cuts = 1; cuts <= 3; cuts += 1) {
      const polls = Array.from({ length: 5 }, () => publish(gateway, 'orders', 'x'));
      proxy.cut();
      await Promise.all(polls);
      await waitUntil(() => proxy.handshakes === cuts + 1, 'it is connected again');
      await gateway.whenReady();
      expect(await publish(gateway, 'orders', 'x')).toBe(201);
    }
    const connections = groupBy(requests, ({ connection }) => String(connection));
    expect(connections.size).toBe(4);
    for (const [, kinds] of connections) {
      const [first, ...rest] = kinds.map(({ kind }) => kind);
      expect(first).toBe('auth');
      expect(rest.length).toBeGreaterThan(0);
      expect(rest).not.toContain('auth');
    }
  });
});
