import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ZooKeeperStore } from '../../../src/queue/zookeeper/session.ts';
import { entered } from '../../support/test-store.ts';
import { create } from '../../support/write-builders.ts';
import { useZooKeeper } from '../../support/zookeeper-fixture.ts';

const zookeeper = useZooKeeper();
let timersBefore = 0;
beforeEach(() => {
  timersBefore = activeTimers();
});
afterEach(() => zookeeper.server.thaw());

/** Closes, and checks that nothing works any more, that nobody waits, and that no attempt to connect is to come. */
async function closes(store: ZooKeeperStore): Promise<void> {
  const commit = store.commit([create('/after')]).catch((error) => error);
  await Promise.all([store.close(), store.close()]);
  await store.close();
  const early = await commit;
  expect(early.applied === true || early.kind === 'unavailable' || early.kind === 'unknown').toBe(true);
  expect(store.state).not.toBe('connected');
  expect(activeTimers()).toBeLessThanOrEqual(timersBefore);
  await expect(store.read('/')).rejects.toMatchObject({ kind: 'unavailable' });
  await expect(store.barrier()).rejects.toMatchObject({ kind: 'unavailable' });
}

describe('closing', () => {
  it('ends the session when connected, so that the server forgets it at once', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    const session = () => zookeeper.server.command('dump');
    const id = proxy.credentials?.sessionId.toString('hex').replace(/^0+/, '');
    expect(await session()).toContain(`0x${id}`);
    await closes(store);
    expect(await session()).not.toContain(`0x${id}`);
  });

  it('works before the first attempt', async () => {
    await closes(zookeeper.begin(zookeeper.server.address));
  });

  it('works when nobody listens', async () => {
    const store = zookeeper.begin('127.0.0.1:1');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await closes(store);
  });

  it('works during a handshake that does not end', async () => {
    let accepted: (() => void) | undefined;
    const server = createServer(() => accepted?.()).listen(0, '127.0.0.1');
    const connecting = new Promise<void>((resolve) => {
      accepted = resolve;
    });
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const store = zookeeper.begin(`127.0.0.1:${port}`);
    await connecting;
    await closes(store);
    await new Promise((resolve) => server.close(resolve));
  });

  it('works before the connection is established', async () => {
    const proxy = await zookeeper.startProxy();
    const arrived = new Promise<void>((resolve) => {
      proxy.onRequest = () => {
        resolve();
        return 'drop';
      };
    });
    const store = zookeeper.begin(proxy.address);
    await arrived;
    await closes(store);
  });

  it('works while suspended', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    const suspended = entered(store, 'suspended');
    proxy.isSilent = true;
    proxy.cut();
    await suspended;
    await closes(store);
  });

  it('works right after the session was lost', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    const lost = entered(store, 'lost');
    await proxy.expireSession();
    await lost;
    await closes(store);
  });

  it('works when the server has frozen, long before its silence would be noticed', async () => {
    const store = await zookeeper.open({ sessionTimeoutMs: 120_000 });
    zookeeper.server.freeze();
    const reads = Promise.allSettled(Array.from({ length: 300 }, () => store.read('/')));
    await closes(store);
    expect((await reads).every((each) => each.status === 'rejected')).toBe(true);
  });

  it('wakes nobody who waits for a connection until the wait is aborted', async () => {
    const store = zookeeper.begin('127.0.0.1:1');
    const giveUp = new AbortController();
    const waiting = store.whenConnected(giveUp.signal);
    await store.close();
    giveUp.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});

function activeTimers(): number {
  return process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
}
