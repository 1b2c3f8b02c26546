import { describe, expect, it, vi } from 'vitest';
import { opcode } from '../../support/tcp-proxy.ts';
import { connected, entered, patienceMs } from '../../support/test-store.ts';
import { append, create, fresh } from '../../support/write-builders.ts';
import { useZooKeeper } from '../../support/zookeeper-fixture.ts';

const zookeeper = useZooKeeper();

/** How each of the calls ended: 'value', or the kind of its StoreError. */
async function ends(calls: readonly Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(calls);
  return settled.map((each) => (each.status === 'fulfilled' ? 'value' : each.reason.kind));
}

describe('when the connection is lost', () => {
  it('a write that was sent is unknown, a read unavailable, and both may have happened', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    proxy.hold('toClient');
    const calls = ends([store.commit([create('/sent')]), store.read('/sent'), store.barrier()]);
    await vi.waitFor(() => expect(store.counters.writes + store.counters.reads).toBeGreaterThanOrEqual(3));
    const suspended = entered(store, 'suspended');
    proxy.cut();
    await suspended;
    expect(await calls).toEqual(['unknown', 'unavailable', 'unavailable']);
  });

  it('a create whose answer was lost is not repeated by the client', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    const lost = proxy.loseNextReply(opcode.multi);
    expect(await ends([store.commit([append('/only-')])])).toEqual(['unknown']);
    await lost;
    await connected(store);
    await store.barrier();
    const listing = await store.list('/');
    expect(listing?.children.filter((name) => name.startsWith('only-'))).toHaveLength(1);
  });

  it('calls that waited for room are unavailable and never run', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    const sentBefore = store.counters.writes;
    proxy.hold('toServer');
    const calls = Array.from({ length: 200 }, (_, index) => store.commit([create(`/n${index}`)]));
    const sent = store.counters.writes - sentBefore;
    expect(sent).toBeLessThan(200);
    proxy.cut();
    const kinds = await ends(calls);
    expect(kinds).toEqual([...Array(sent).fill('unknown'), ...Array(200 - sent).fill('unavailable')]);

    await connected(store);
    await store.barrier();
    expect(store.counters.writes).toBeLessThan(sentBefore + sent + 10);
    expect((await store.list('/'))?.children).toEqual(['clock']);
  });

  it('a write still on its way through the old connection never takes effect after the new one is connected', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    proxy.hold('toServer');
    const late = ends([store.commit([create('/late')])]);
    const suspended = entered(store, 'suspended');
    proxy.cutClients();
    await suspended;
    expect(await late).toEqual(['unknown']);
    await connected(store);
    proxy.release();
    await store.barrier();
    await store.barrier();
    expect(await store.stat('/late')).toBeUndefined();
  });

  it('a call made meanwhile fails at once and is not executed when the server is back', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    proxy.isSilent = true;
    const suspended = entered(store, 'suspended');
    proxy.cut();
    await suspended;
    const calls = [store.commit([create('/meanwhile')]), store.read('/'), store.list('/'), store.barrier()];
    expect(await ends(calls)).toEqual(Array(4).fill('unavailable'));

    proxy.isSilent = false;
    proxy.cut();
    await connected(store);
    await store.barrier();
    expect(await store.stat('/meanwhile')).toBeUndefined();
  });

  it('the first request on the new connection is the barrier, ahead of everything that waited', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    const watch = vi.fn();
    await store.read('/clock', { watch });
    const requests: (number | undefined)[] = [];
    proxy.onRequest = (frame) => {
      requests.push(frame.opcode);
      return 'forward';
    };
    proxy.cut();
    await vi.waitFor(() => expect(watch).toHaveBeenCalled(), patienceMs);
    await connected(store);
    await store.read('/clock');
    expect(requests).toEqual([opcode.setData, opcode.getData]);
  });

  it('calls are refused until a write went through on the new connection, though it is up', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    const arrived = new Promise<void>((resolve) => {
      proxy.onRequest = (frame) => {
        if (frame.opcode !== opcode.setData) return 'forward';
        resolve();
        return 'drop';
      };
    });
    proxy.cut();
    await arrived;
    const calls = [
      store.read('/'),
      store.stat('/'),
      store.list('/'),
      store.commit([create('/a')]),
      store.barrier(),
    ];
    expect(await ends(calls)).toEqual(Array(5).fill('unavailable'));
    proxy.onRequest = () => 'forward';
    proxy.cut();
    await connected(store);
  });

  it('connected is not reported before a write went through on the new connection', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    const states: string[] = [];
    store.onState((state) => states.push(state));
    let cuts = 0;
    proxy.onReply = (frame) => {
      if (frame.opcode !== opcode.setData || cuts === 3) return 'forward';
      cuts += 1;
      return 'cut';
    };
    proxy.cut();
    await vi.waitFor(() => expect(states).toContain('suspended'), patienceMs);
    await connected(store);
    await vi.waitFor(() => expect(states).toEqual(['suspended', 'connected']), patienceMs);
    expect(cuts).toBe(3);
  });

  it('a connection on which no write goes through is given up for another', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy({ requestTimeoutMs: 300, random: () => 0 });
    proxy.onRequest = (frame) => {
      if (frame.opcode !== opcode.setData) return 'forward';
      proxy.onRequest = () => 'forward';
      return 'drop';
    };
    const suspended = entered(store, 'suspended');
    proxy.cut();
    await suspended;
    await connected(store);
    expect(proxy.handshakes).toBe(3);
  });

  it('a server that is killed and comes back is found again, with what was committed', async () => {
    const store = await zookeeper.open();
    await store.commit(fresh('/kept', 'value'));
    const suspended = entered(store, 'suspended');
    await zookeeper.server.kill();
    await suspended;
    await zookeeper.server.restart();
    await connected(store);
    expect((await store.read('/kept'))?.data.toString()).toBe('value');
  });
});

describe('when a caller gives up', () => {
  it('a write that was sent is unknown, a read unavailable, and the connection stays', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    proxy.hold('toClient');
    const giveUp = new AbortController();
    const { signal } = giveUp;
    const calls = [store.commit([create('/sent')], { signal }), store.read('/', { signal })];
    await vi.waitFor(() => expect(store.counters.reads).toBeGreaterThan(0));
    giveUp.abort();
    expect(await ends(calls)).toEqual(['unknown', 'unavailable']);
    proxy.release();
    await store.barrier();
    expect(await store.stat('/sent')).toBeDefined();
    expect(proxy.handshakes).toBe(1);
  });

  it('a call that waited for room is unavailable and never runs', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    proxy.hold('toServer');
    const giveUp = new AbortController();
    const sent = Array.from({ length: 128 }, () => store.read('/'));
    const waiting = store.commit([create('/waiting')], { signal: giveUp.signal });
    giveUp.abort();
    expect(await ends([waiting])).toEqual(['unavailable']);
    proxy.release();
    await Promise.all(sent);
    await store.barrier();
    expect(await store.stat('/waiting')).toBeUndefined();
  });

  it('its deadline does the same', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy({ requestTimeoutMs: 300 });
    proxy.hold('toServer');
    const calls = Array.from({ length: 129 }, (_, index) => store.commit([create(`/n${index}`)]));
    const read = store.read('/');
    const kinds = await ends([...calls, read]);
    expect(kinds).toEqual([...Array(128).fill('unknown'), 'unavailable', 'unavailable']);
  });
});
