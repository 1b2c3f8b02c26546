/** Trees that are given to credentials that they did not belong to. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../../scripts/workspace.mjs';
import { type SecuredTree, secureTree } from '../../../src/queue/zookeeper/secure-tree.ts';
import { makeEveryKindOfNode } from '../../support/every-kind-of-node.ts';
import { scriptOf } from '../../support/gateway-process.ts';
import { type LocalGateway, startLocalGateway } from '../../support/local-gateway.ts';
import { openSecondClient, type SecondClient } from '../../support/second-client.ts';
import { startProxy } from '../../support/tcp-proxy.ts';
import { silentLogger } from '../../support/test-store.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { startZooKeeper, type ZooKeeperServer } from '../../support/zookeeper-server.ts';

const credentials = 'zoogate:one';
const others = 'zoogate:another';
const setAclOpcode = 7;

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

/** A ready gateway that presents the credentials, if any; the first owns what it creates. */
async function start(chroot: string, ...lines: string[]): Promise<LocalGateway> {
  const variables = lines.length === 0 ? {} : { ZOOGATE_ZOOKEEPER_CREDENTIALS: lines.join('\n') };
  const gateway = await startLocalGateway(server.address + chroot, variables);
  opened.push(gateway);
  await gateway.whenReady();
  return gateway;
}

async function createQueue(gateway: LocalGateway): Promise<void> {
  expect((await fetch(`${gateway.url}/v1/queues/orders`, { method: 'PUT' })).status).toBe(201);
}

async function publish(gateway: LocalGateway, body: string): Promise<void> {
  const answer = await fetch(`${gateway.url}/v1/queues/orders/messages`, { method: 'POST', body });
  expect(answer.status).toBe(201);
}

async function receiveAll(gateway: LocalGateway): Promise<string[]> {
  const path = `${gateway.url}/v1/queues/orders/messages/receive?max=1000&autoAck=true`;
  const answer = await (await fetch(path, { method: 'POST' })).json();
  return (answer as { messages: { body: string }[] }).messages.map(({ body }) => body);
}

async function openClient(owner: string): Promise<SecondClient> {
  const client = await openSecondClient(server.address, owner);
  opened.push(client);
  return client;
}

function secure(
  connectionString: string,
  lines: [string, ...string[]],
  isDryRun = false,
): Promise<SecuredTree> {
  return secureTree({
    connectionString,
    ...{ credentials: lines, isDryRun, sessionTimeoutMs: 4_000, requestTimeoutMs: 4_000 },
    ...{ logger: silentLogger, report() {} },
  });
}

/** As an operator would, with the same variables as a gateway. */
async function runSecure(chroot: string, lines: string, ...options: string[]) {
  const child = spawn(process.execPath, [...scriptOf('secure'), ...options], {
    cwd: root,
    env: {
      PATH: process.env.PATH ?? '',
      ZOOGATE_ZOOKEEPER: server.address + chroot,
      ZOOGATE_ZOOKEEPER_CREDENTIALS: lines,
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

async function expectClosed(chroot: string, owner: string): Promise<void> {
  const paths = await (await openClient(owner)).walk(chroot);
  expect(paths.length).toBeGreaterThan(5);
  for (const path of paths) {
    expect(await stranger.read(path).catch((error) => error.name), path).toBe('NO_AUTH');
  }
}

describe('a tree that was made without credentials', () => {
  test('is said to be open, and is closed while gateways go on, with what is in it', async () => {
    const chroot = `/open-${randomUUID()}`;
    const before = await start(chroot);
    await createQueue(before);
    await publish(before, 'early');
    expect(before.log).not.toContain('without credentials');
    await before.close();

    const gateway = await start(chroot, credentials);
    await waitUntil(() => gateway.log.includes('made without credentials'), 'it is said');
    expect(gateway.log).toContain(`"${chroot}/topics"`);
    expect(await stranger.walk(chroot)).toContain(`${chroot}/layout`);

    let isDone = false;
    let stored = 0;
    const publishing = (async () => {
      for (; !isDone; stored += 1) await publish(gateway, 'meanwhile');
    })();
    await waitUntil(() => stored > 0, 'messages are being published');
    const done = await secure(server.address + chroot, [credentials]);
    isDone = true;
    await publishing;
    expect(done).toMatchObject({ open: 0, foreign: 0 });
    expect(done.changed).toBeGreaterThan(5);

    await expectClosed(chroot, credentials);
    expect(
      await stranger.read(`/zookeeper/quota${chroot}/zookeeper_limits`).catch((error) => error.name),
    ).toBe('NO_AUTH');
    const bodies = await receiveAll(gateway);
    expect(bodies).toEqual(['early', ...Array(Math.min(999, stored)).fill('meanwhile')]);
    const quiet = await start(chroot, credentials);
    expect(quiet.log).not.toContain('made without credentials');
  });

  test('is closed to the last node although the connection is lost again and again', async () => {
    const chroot = `/interrupted-${randomUUID()}`;
    const gateway = await start(chroot);
    await makeEveryKindOfNode(gateway.url);
    await gateway.close();
    const proxy = await startProxy(server.port);
    opened.push(proxy);
    let requests = 0;
    proxy.onRequest = ({ opcode }) => {
      if (opcode !== setAclOpcode) return 'forward';
      requests += 1;
      return requests % 20 === 0 && requests < 70 ? 'cut' : 'forward';
    };
    const done = await secure(proxy.address + chroot, [credentials]);
    expect(done).toMatchObject({ open: 0, foreign: 0 });
    expect(proxy.handshakes).toBe(4);
    await expectClosed(chroot, credentials);
  });

  test('is looked at, closed, and looked at again by a program that takes the variables of a gateway', async () => {
    const chroot = `/program-${randomUUID()}`;
    await (await start(chroot)).close();
    const looked = await runSecure(chroot, credentials, '--check');
    expect(looked).toEqual({
      code: 1,
      output: expect.stringMatching(/^(\d+) nodes: 0 belong .* \1 are open to /),
    });
    const done = await runSecure(chroot, credentials);
    expect(done).toEqual({
      code: 0,
      output: expect.stringMatching(/^(\d+) nodes: \1 belong to the credentials, \1 /),
    });
    expect((await runSecure(chroot, credentials, '--check')).code).toBe(0);
    await expectClosed(chroot, credentials);
  });

  test('stays open to others where they have made nodes of their own, and it is told how many', async () => {
    const chroot = `/mixed-${randomUUID()}`;
    await (await start(chroot)).close();
    const other = await openClient(others);
    expect(await other.create(`${chroot}/data/theirs`, '', others)).toBe('ok');
    expect(await secure(server.address + chroot, [credentials])).toMatchObject({ open: 0, foreign: 1 });
    expect(await other.read(`${chroot}/data/theirs`)).toBe('');
  });
});

test('the program says what it takes', async () => {
  const [none, misspelt] = await Promise.all([runSecure('/x', ''), runSecure('/x', credentials, '--chekc')]);
  expect(none).toEqual({ code: 1, output: expect.stringContaining('ZOOGATE_ZOOKEEPER_CREDENTIALS') });
  expect(misspelt).toEqual({ code: 1, output: expect.stringContaining('--check') });
});

test('a password is changed without a pause: both are presented, the new one gets the tree, the old one goes', async () => {
  const chroot = `/rotated-${randomUUID()}`;
  const renewed = 'zoogate:renewed';
  const old = await start(chroot, credentials);
  await createQueue(old);
  await publish(old, 'first');

  const both = await start(chroot, credentials, renewed);
  await publish(both, 'second');
  await publish(old, 'third');
  await old.close();

  const turned = await start(chroot, renewed, credentials);
  await publish(turned, 'fourth');
  await publish(both, 'fifth');
  await both.close();
  expect(await secure(server.address + chroot, [renewed, credentials])).toMatchObject({
    open: 0,
    foreign: 0,
  });

  const fresh = await start(chroot, renewed);
  expect(await receiveAll(fresh)).toEqual(['first', 'second', 'third', 'fourth', 'fifth']);
  const late = await openClient(credentials);
  expect(await late.read(`${chroot}/layout`).catch((error) => error.name)).toBe('NO_AUTH');
});
