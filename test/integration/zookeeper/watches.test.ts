import { describe, expect, it, vi } from 'vitest';
import { connected, entered, patienceMs } from '../../support/test-store.ts';
import { create, set } from '../../support/write-builders.ts';
import { useZooKeeper } from '../../support/zookeeper-fixture.ts';

const zookeeper = useZooKeeper();
const waiting = { timeout: patienceMs, interval: 2 };

describe('watches', () => {
  it('all fire once when the connection is lost, and the ensemble is not asked to set them again', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    const watches = { read: vi.fn(), list: vi.fn() };
    await store.read('/clock', { watch: watches.read });
    await store.list('/', { watch: watches.list });
    const suspended = entered(store, 'suspended');
    proxy.cut();
    await suspended;
    await connected(store);
    await store.commit([create('/later'), set('/clock', '', -1)]);
    await store.barrier();
    for (const watch of Object.values(watches)) expect(watch).toHaveBeenCalledTimes(1);
  });

  it('on more than a megabyte of paths do not stand in the way of a reconnect', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    const watch = vi.fn();
    const name = 'x'.repeat(1_000);
    const paths = Array.from({ length: 1_500 }, (_, index) => `/${name}${index}`);
    await Promise.all(paths.map((path) => store.commit([create(path)])));
    await Promise.all(paths.map((path) => store.read(path, { watch })));
    const suspended = entered(store, 'suspended');
    proxy.cut();
    await suspended;
    await connected(store);
    await vi.waitFor(() => expect(watch).toHaveBeenCalledTimes(1_500), waiting);
    expect(proxy.handshakes).toBe(2);
  });

  it('of a read that failed are not set, though its reply comes late', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    const watch = vi.fn();
    const other = vi.fn();
    proxy.hold('toClient');
    const giveUp = new AbortController();
    const read = store.read('/clock', { watch, signal: giveUp.signal });
    giveUp.abort();
    await expect(read).rejects.toMatchObject({ kind: 'unavailable' });
    proxy.release();
    await store.read('/clock', { watch: other });
    await store.barrier();
    await vi.waitFor(() => expect(other).toHaveBeenCalledTimes(1), waiting);
    expect(watch).not.toHaveBeenCalled();
  });

  it('on one path by many listeners do not warn of a leak, and are gone once they have fired', async () => {
    const store = await zookeeper.open();
    const warned = vi.fn();
    process.on('warning', warned);
    const watches = Array.from({ length: 50 }, () => vi.fn());
    await Promise.all(watches.map((watch) => store.read('/clock', { watch })));
    await store.barrier();
    for (const watch of watches) await vi.waitFor(() => expect(watch).toHaveBeenCalledTimes(1), waiting);
    process.off('warning', warned);
    expect(warned).not.toHaveBeenCalled();
  });

  it('that throw are logged, and nobody else notices', async () => {
    const error = vi.fn();
    const logger = { debug() {}, info() {}, warn() {}, error };
    const { store, proxy } = await zookeeper.openThroughProxy({ logger });
    const fine = vi.fn();
    const broken = () => {
      throw new Error('broken listener');
    };
    store.onState(broken);
    await store.read('/clock', { watch: broken });
    await store.read('/clock', { watch: fine });
    await store.barrier();
    await vi.waitFor(() => expect(fine).toHaveBeenCalledTimes(1), waiting);
    expect(error).toHaveBeenCalledTimes(1);
    expect(proxy.handshakes).toBe(1);
    proxy.cut();
    await vi.waitFor(() => expect(error.mock.calls.length).toBeGreaterThan(1), waiting);
    await connected(store);
  });

  it('never fire inside the call that causes them', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    let isClosing = false;
    const inside: boolean[] = [];
    await store.read('/clock', { watch: () => inside.push(isClosing) });
    isClosing = true;
    const closed = store.close();
    isClosing = false;
    await closed;
    await vi.waitFor(() => expect(inside).toEqual([false]), waiting);
    expect(proxy.handshakes).toBe(1);
  });
});
