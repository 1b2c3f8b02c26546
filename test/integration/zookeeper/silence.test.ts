import { afterEach, describe, expect, it } from 'vitest';
import { connected, entered } from '../../support/test-store.ts';
import { create } from '../../support/write-builders.ts';
import { useZooKeeper } from '../../support/zookeeper-fixture.ts';

const zookeeper = useZooKeeper();
/** Silence is noticed after two thirds of this. */
const impatient = { sessionTimeoutMs: 1_000 };
afterEach(() => zookeeper.server.thaw());

describe('a server that falls silent', () => {
  it('is noticed without any request, and found again when it goes on', async () => {
    const store = await zookeeper.open(impatient);
    const suspended = entered(store, 'suspended');
    zookeeper.server.freeze();
    await suspended;
    await expect(store.commit([create('/a')])).rejects.toMatchObject({ kind: 'unavailable' });
    zookeeper.server.thaw();
    await connected(store);
    await store.commit([create('/b')]);
    expect((await store.list('/'))?.children).not.toContain('a');
  });

  it('fails what was sent to it before its requests time out', async () => {
    const store = await zookeeper.open({ ...impatient, requestTimeoutMs: 1_000_000 });
    zookeeper.server.freeze();
    // A busy machine may take its time to stop a process: the first that finds it stopped is not answered.
    const commits = async () => {
      for (let number = 0; ; number += 1) await store.commit([create(`/${number}`)]);
    };
    await expect(commits()).rejects.toMatchObject({ kind: 'unknown' });
  });

  it('is left when only its answers are lost', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy(impatient);
    const suspended = entered(store, 'suspended');
    proxy.hold('toClient');
    await suspended;
    await connected(store);
    expect(proxy.handshakes).toBe(2);
  });

  it('does not hold up the handshake with the next server, though it accepts connections', async () => {
    const silent = await zookeeper.startProxy();
    silent.isSilent = true;
    const addresses = `${silent.address},${zookeeper.server.address}${zookeeper.freshChroot()}`;
    const store = zookeeper.begin(addresses, { ...impatient, random: () => 0 });
    await connected(store);
    await store.commit([create('/a')]);
  });

  it('keeps a connection that is only idle', async () => {
    // Patient enough for a machine that has other things to do: what is idle is not to be taken for silent.
    const { store, proxy } = await zookeeper.openThroughProxy({ sessionTimeoutMs: 4_000 });
    let pings = 0;
    await new Promise<void>((resolve) => {
      proxy.onReply = (frame) => {
        if (frame.xid === -2) pings += 1;
        if (pings === 5) resolve();
        return 'forward';
      };
    });
    expect(store.state).toBe('connected');
    expect(proxy.handshakes).toBe(1);
  });
});
