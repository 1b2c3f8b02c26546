import { describe, expect, it } from 'vitest';
import { openTestStore } from '../../support/test-store.ts';
import { append, create } from '../../support/write-builders.ts';
import { useZooKeeper } from '../../support/zookeeper-fixture.ts';

const zookeeper = useZooKeeper();

describe('a chroot', () => {
  it('is created node by node, and everything lies below it', async () => {
    const { address } = zookeeper.server;
    const root = zookeeper.begin(address);
    const store = await openTestStore(`${address}/some/deep/chroot`);
    await store.commit([create('/a')]);
    await root.whenConnected(AbortSignal.timeout(10_000));
    expect((await root.list('/some/deep/chroot'))?.children.sort()).toEqual(['a', 'clock']);
    expect((await store.list('/'))?.children.sort()).toEqual(['a', 'clock']);
    await store.close();
  });

  it('that begins like another is another', async () => {
    const { address } = zookeeper.server;
    const one = await openTestStore(`${address}/apps`);
    const two = await openTestStore(`${address}/apps-of-others`);
    const result = await one.commit([create('/x'), append('/x/e-')]);
    expect(result).toMatchObject({ results: [{ path: '/x' }, { path: '/x/e-0000000000' }] });
    expect(await two.stat('/x')).toBeUndefined();
    await Promise.all([one.close(), two.close()]);
  });

  it('is created by many gateways at once', async () => {
    const chroot = zookeeper.freshChroot();
    const opening = Array.from({ length: 5 }, () => openTestStore(zookeeper.server.address + chroot));
    const stores = await Promise.all(opening);
    await stores[0]?.commit([create('/shared')]);
    for (const store of stores) {
      await store.barrier();
      expect(await store.stat('/shared')).toBeDefined();
      await store.close();
    }
  });

  it('may be absent', async () => {
    const store = await openTestStore(zookeeper.server.address);
    expect((await store.list('/'))?.children).toContain('zookeeper');
    await store.close();
  });
});
