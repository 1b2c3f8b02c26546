import { describe, expect, it, vi } from 'vitest';
import { connected, entered, patienceMs } from '../../support/test-store.ts';
import { create, fresh } from '../../support/write-builders.ts';
import { useZooKeeper } from '../../support/zookeeper-fixture.ts';

const zookeeper = useZooKeeper();

describe('a session that has expired', () => {
  it('is lost, told to everyone, and followed by a new one without a restart', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    const states: string[] = [];
    store.onState((state) => states.push(state));
    const watch = vi.fn();
    await store.read('/clock', { watch });
    const { sessionId } = proxy.credentials ?? {};

    const lost = entered(store, 'lost');
    await proxy.expireSession();
    await lost;
    await connected(store);
    await vi.waitFor(() => expect(states.at(-1)).toBe('connected'), patienceMs);
    expect(states).toEqual(['suspended', 'lost', 'connected']);
    expect(watch).toHaveBeenCalledTimes(1);
    expect(proxy.credentials?.sessionId).not.toEqual(sessionId);
  });

  it('ends every call that was sent or waited', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy({ requestTimeoutMs: 1_000_000 });
    proxy.hold('toServer');
    const calls = Array.from({ length: 200 }, (_, index) => store.commit([create(`/n${index}`)]));
    const settling = Promise.allSettled(calls);
    await proxy.expireSession();
    const settled = await settling;
    expect(settled.every((each) => each.status === 'rejected')).toBe(true);
    await connected(store);
    expect((await store.list('/'))?.children).toEqual(['clock']);
  });

  it('leaves nothing that fires twice: watches of the new session are its own', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    const old = vi.fn();
    await store.list('/', { watch: old });
    const lost = entered(store, 'lost');
    await proxy.expireSession();
    await lost;
    await connected(store);
    const fresh = vi.fn();
    await store.list('/', { watch: fresh });
    await store.commit([create('/later')]);
    await vi.waitFor(() => expect(fresh).toHaveBeenCalledTimes(1), patienceMs);
    expect(old).toHaveBeenCalledTimes(1);
  });

  it('may expire again and again', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    for (let times = 0; times < 3; times += 1) {
      const lost = entered(store, 'lost');
      await proxy.expireSession();
      await lost;
      await connected(store);
    }
    await store.commit(fresh('/after'));
  });
});

describe('an ensemble that has lost its data', () => {
  it('is used again, though this session has seen later transactions', async () => {
    const store = await zookeeper.open();
    for (let times = 0; times < 20; times += 1) await store.barrier();
    const suspended = entered(store, 'suspended');
    await zookeeper.server.wipe();
    await suspended;
    await zookeeper.server.restart();
    await connected(store);
    expect((await store.list('/'))?.children).toEqual(['clock']);
  });
});
