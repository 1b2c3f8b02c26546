/** Trees that do not belong to a gateway's credentials, or not yet, and ensembles that do not take them. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { GatewayProcess } from '../../support/gateway-process.ts';
import { groupBy } from '../../support/group-by.ts';
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

function launch(zooKeeper: string, ...lines: string[]): GatewayProcess {
  const variables = {
    ZOOGATE_REQUEST_TIMEOUT_MS: '1000',
    ...(lines.length === 0 ? {} : { ZOOGATE_ZOOKEEPER_CREDENTIALS: lines.join('\n') }),
  };
  const gateway = new GatewayProcess({ zooKeeper, variables });
  opened.push({ close: () => gateway.kill() });
  return gateway;
}

async function start(chroot: string, ...lines: string[]): Promise<GatewayProcess> {
  const gateway = launch(server.address + chroot, ...lines);
  await gateway.whenReady();
  return gateway;
}

async function openClient(address: string, as?: string): Promise<SecondClient> {
  const client = await openSecondClient(address, as);
  opened.push(client);
  return client;
}

/** Runs `secure` on the tree; answers its exit code and what it printed. */
async function secure(
  chroot: string,
  lines: string[],
  ...options: string[]
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/secure.ts', ...options], {
    env: {
      PATH: process.env.PATH ?? '',
      ZOOGATE_ZOOKEEPER: server.address + chroot,
      ZOOGATE_ZOOKEEPER_CREDENTIALS: lines.join('\n'),
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      output += text;
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}

async function publish(gateway: GatewayProcess, queue: string, body: string): Promise<number> {
  return (await fetch(`${gateway.url}/v1/queues/${queue}/messages`, { method: 'POST', body })).status;
}

async function receiveAll(gateway: GatewayProcess, queue: string): Promise<string[]> {
  const path = `${gateway.url}/v1/queues/${queue}/messages/receive?max=100&autoAck=true`;
  const { messages } = (await (await fetch(path, { method: 'POST' })).json()) as {
    messages: { body: string }[];
  };
  return messages.map(({ body }) => body);
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
    const gateway = launch(server.address + chroot, ...lines);
    await gateway.whenListening();
    await waitUntil(() => gateway.output.includes(explanation), 'it says why');
    expect(gateway.output).toContain('no permission');
    expect(await gateway.readyStatus()).toBe(503);
    expect(await publish(gateway, 'orders', 'x')).toBe(503);
    // However often it tries.
    expect(gateway.output.split(explanation)).toHaveLength(2);
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });
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
    await waitUntil(() => gateway.output.includes('belongs to others'), 'it is told');
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
    const gateway = launch(`${proxy.address}/refused`, credentials);
    await gateway.whenListening();
    await waitUntil(() => gateway.output.includes('authentication failed'), 'it says so');
    expect(await gateway.readyStatus()).toBe(503);
    proxy.targetPort = server.port;
    proxy.cut();
    await gateway.whenReady();
  });

  test('that computes other digests is told of, and no node is made that would be closed to the gateway', async () => {
    const strange = await startZooKeeper(['DigestAuthenticationProvider.digestAlg=SHA-256']);
    opened.push({ close: () => strange.stop() });
    const gateway = launch(`${strange.address}/zoogate`, credentials);
    await waitUntil(() => gateway.output.includes('default digests (SHA-1)'), 'it says so');
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
    const gateway = launch(proxy.address + chroot, credentials);
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

describe('a tree that was made without credentials', () => {
  test('works, is said to be open, and is closed by `secure` under running gateways, with what is in it', async () => {
    const chroot = `/open-${randomUUID()}`;
    const before = await start(chroot);
    expect((await fetch(`${before.url}/v1/queues/orders`, { method: 'PUT' })).status).toBe(201);
    expect(await publish(before, 'orders', 'early')).toBe(201);
    expect(before.output).not.toContain('without credentials');
    await before.stop();

    const gateway = await start(chroot, credentials);
    await waitUntil(() => gateway.output.includes('made without credentials'), 'it is said');
    expect(gateway.output).toContain(`"${chroot}/topics"`);
    expect(await stranger.walk(chroot)).toContain(`${chroot}/layout`);

    const looked = await secure(chroot, [credentials], '--check');
    expect(looked).toMatchObject({ code: 1, output: expect.stringMatching(/\d+ are open to everybody/) });
    let stored = 0;
    let isDone = false;
    const publishing = (async () => {
      while (!isDone) if ((await publish(gateway, 'orders', 'meanwhile')) === 201) stored += 1;
    })();
    const done = await secure(chroot, [credentials]);
    isDone = true;
    await publishing;
    expect(done).toMatchObject({ code: 0, output: expect.stringMatching(/^\d+ nodes: \d+ belong to .*\n$/) });
    expect(await secure(chroot, [credentials], '--check')).toMatchObject({ code: 0 });

    const paths = await (await openClient(server.address, credentials)).walk(chroot);
    for (const path of paths)
      expect(await stranger.read(path).catch((error) => error.name), path).toBe('NO_AUTH');
    expect(stored).toBeGreaterThan(0);
    const bodies = await receiveAll(gateway, 'orders');
    expect(bodies[0]).toBe('early');
    expect(bodies.length).toBe(Math.min(100, stored + 1));
    const quiet = await start(chroot, credentials);
    expect(quiet.output).not.toContain('made without credentials');
  });

  test('is not closed to others where they have made nodes of their own, and `secure` says how many', async () => {
    const chroot = `/mixed-${randomUUID()}`;
    const gateway = await start(chroot);
    await gateway.stop();
    const other = await openClient(server.address, others);
    expect(await other.create(`${chroot}/data/theirs`, '', others)).toBe('ok');
    const done = await secure(chroot, [credentials]);
    expect(done).toMatchObject({ code: 1, output: expect.stringContaining('1 give rights to others') });
    expect(await other.read(`${chroot}/data/theirs`)).toBe('');
  });

  test('without credentials, or with an option that it does not know, `secure` says what it takes', async () => {
    expect(await secure('/x', [])).toMatchObject({ code: 1, output: expect.stringContaining('CREDENTIALS') });
    expect(await secure('/x', [credentials], '--chekc')).toMatchObject({
      code: 1,
      output: expect.stringContaining('--check'),
    });
  });
});

test('a password is changed without a pause: both are presented, the tree is given to the new one, the old one goes', async () => {
  const chroot = `/rotated-${randomUUID()}`;
  const renewed = 'zoogate:renewed';
  const old = await start(chroot, credentials);
  expect((await fetch(`${old.url}/v1/queues/orders`, { method: 'PUT' })).status).toBe(201);
  expect(await publish(old, 'orders', 'first')).toBe(201);

  // All gateways present both, and go on creating what the old password owns, as long as one has only that.
  const both = await start(chroot, credentials, renewed);
  expect(await publish(both, 'orders', 'second')).toBe(201);
  expect(await publish(old, 'orders', 'third')).toBe(201);
  await old.stop();

  const turned = await start(chroot, renewed, credentials);
  expect(await publish(turned, 'orders', 'fourth')).toBe(201);
  expect(await publish(both, 'orders', 'fifth')).toBe(201);
  await both.stop();
  expect(await secure(chroot, [renewed, credentials])).toMatchObject({ code: 0 });

  const fresh = await start(chroot, renewed);
  expect(await receiveAll(fresh, 'orders')).toEqual(['first', 'second', 'third', 'fourth', 'fifth']);
  const late = await openClient(server.address, credentials);
  expect(await late.read(`${chroot}/layout`).catch((error) => error.name)).toBe('NO_AUTH');
});
