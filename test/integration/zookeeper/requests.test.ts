import { afterEach, describe, expect, it } from 'vitest';
import { aclBytes, aclOf } from '../../../src/queue/zookeeper/acl.ts';
import { EnsembleSockets } from '../../../src/queue/zookeeper/ensemble-sockets.ts';
import { GuardedClient } from '../../../src/queue/zookeeper/guarded-client.ts';
import type { OperationReply } from '../../../src/queue/zookeeper/transaction-frames.ts';
import { WarningLog } from '../../../src/queue/zookeeper/warning-log.ts';
import { Watches } from '../../../src/queue/zookeeper/watches.ts';
import { packetBytes, packetBytesMax } from '../../../src/queue/zookeeper/writes.ts';
import { opcode } from '../../support/tcp-proxy.ts';
import { connected, openTestStore, silentLogger } from '../../support/test-store.ts';
import { append, check, create, fresh, remove, set } from '../../support/write-builders.ts';
import { useZooKeeper } from '../../support/zookeeper-fixture.ts';

const zookeeper = useZooKeeper();

describe('version 0 inside a transaction', () => {
  let client: GuardedClient | undefined;
  afterEach(() => client?.close());

  it('means version 0 and not any version', async () => {
    const chroot = zookeeper.freshChroot();
    const store = await openTestStore(zookeeper.server.address + chroot);
    await store.commit(fresh('/page', 'kept'));
    const warnings = new WarningLog(silentLogger);
    const bare = await new Promise<GuardedClient>((resolve) => {
      const opening = new GuardedClient({
        servers: [{ host: '127.0.0.1', port: zookeeper.server.port }],
        sessionTimeoutMs: 3_000,
        watches: new Watches((listener) => listener()),
        events: {
          connected: () => resolve(opening),
          ...{ disconnected() {}, expired() {}, rejected() {}, drained() {} },
        },
        logger: silentLogger,
        warnings,
        sockets: new EnsembleSockets(undefined, warnings),
        credentials: [],
        monotonicNow: () => performance.now(),
        random: Math.random,
      });
      client = opening;
      opening.connect();
    });
    const path = `${chroot}/page`;
    for (const write of [check(path, 0), set(path, 'overwritten', 0), remove(path, 0)]) {
      const results = await new Promise<readonly OperationReply[]>((resolve) => {
        bare.multi([write], (_, replied) => resolve(replied ?? []));
      });
      expect(results, write.kind).toEqual([{ type: -1, err: -103 }]);
    }
    expect((await store.read('/page'))?.data.toString()).toBe('kept');
    await store.close();
  });
});

describe('the numbers of requests', () => {
  it('start again at 1 after the last one, with requests on both sides of it in flight', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy({ firstXid: 2 ** 31 - 50 });
    const xids: number[] = [];
    proxy.onRequest = ({ xid }) => {
      if (xid > 0) xids.push(xid);
      return 'forward';
    };
    const reads = Array.from({ length: 100 }, () => store.read('/clock'));
    expect((await Promise.all(reads)).every(Boolean)).toBe(true);
    const last = xids.indexOf(2 ** 31 - 1);
    expect(last).toBeGreaterThan(0);
    expect(xids.slice(last, last + 3)).toEqual([2 ** 31 - 1, 1, 2]);
    expect(proxy.handshakes).toBe(1);
  });
});

describe('a commit near the limit', () => {
  it('fails alone when it is too large: what else is in flight is answered', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    const data = Buffer.alloc(packetBytesMax);
    const settled = await Promise.allSettled([
      store.commit([create('/before')]),
      store.commit([{ kind: 'create', path: '/large', data }]),
      store.commit([create('/after')]),
    ]);
    expect(settled.map((each) => each.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(proxy.handshakes).toBe(1);
  });

  it('is accepted with as many operations as fit, under a chroot', async () => {
    const store = await zookeeper.open();
    const writes = Array.from({ length: 300 }, (_, index) => ({
      kind: 'create' as const,
      path: `/n${index}`,
      data: Buffer.alloc(3_200),
    }));
    expect((await store.commit(writes)).applied).toBe(true);
  });

  it('is refused when a long chroot would push it over the limit of a packet', async () => {
    const chroot = `/${'c'.repeat(200)}`;
    const store = zookeeper.begin(zookeeper.server.address + chroot);
    await connected(store);
    const writes = Array.from({ length: 500 }, (_, index) => ({
      kind: 'create' as const,
      path: `/n${index}`,
      data: Buffer.alloc(1_900),
    }));
    await expect(store.commit(writes)).rejects.toThrow(/chroot/);
    expect(store.state).toBe('connected');
  });

  it('counts the owner of each node that it creates: it fits, or is refused and disturbs nothing', async () => {
    const credentials = [`${'u'.repeat(32)}:password`] as const;
    const { store, proxy } = await zookeeper.openThroughProxy({ credentials });
    let sentBytes = 0;
    proxy.onRequest = ({ bytes, opcode: kind }) => {
      if (kind === opcode.multi) sentBytes = bytes.length;
      return 'forward';
    };
    const creates = (dataBytes: number) =>
      Array.from({ length: 1_000 }, (_, index) => ({
        kind: 'create' as const,
        path: `/n${index}`,
        data: Buffer.alloc(dataBytes),
      }));
    // Without chroot and owner, both are within the limit of a commit.
    await expect(store.commit(creates(930))).rejects.toThrow(/exceeds a packet/);
    expect(sentBytes).toBe(0);
    expect((await store.commit(creates(890))).applied).toBe(true);
    const chrootBytes = zookeeper.freshChroot().length;
    expect(sentBytes).toBe(packetBytes(creates(890), chrootBytes, aclBytes(aclOf(credentials[0]))));
    expect(proxy.handshakes).toBe(1);
  });

  it('is counted to the byte, whatever its operations', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    const sent: number[] = [];
    proxy.onRequest = ({ bytes, opcode: kind }) => {
      if (kind === opcode.multi) sent.push(bytes.length);
      return 'forward';
    };
    const writes = [
      ...fresh('/pagé', 'value'),
      append('/seq-'),
      check('/pagé', 1),
      set('/pagé', 'x', 1),
      remove('/pagé'),
    ];
    expect((await store.commit(writes)).applied).toBe(true);
    const chrootBytes = zookeeper.freshChroot().length;
    expect(sent).toEqual([packetBytes(writes, chrootBytes, aclBytes(aclOf(undefined)))]);
  });
});

describe('under load', () => {
  it('thousands of calls at once are all answered, in order', async () => {
    const store = await zookeeper.open();
    await store.commit(fresh('/page'));
    const commits = Array.from({ length: 2_000 }, (_, index) =>
      store.commit([set('/page', `${index}`, index + 1)]),
    );
    const results = await Promise.all(commits);
    expect(results.every((each) => each.applied)).toBe(true);
    expect(await store.stat('/page')).toMatchObject({ version: 2_001 });
  });

  it('large requests are handed over only as the socket takes them, so that the rest can still be taken back', async () => {
    const { store, proxy } = await zookeeper.openThroughProxy();
    proxy.pauseClients();
    const before = store.counters.writes;
    const data = Buffer.alloc(900_000);
    const commits = Array.from({ length: 8 }, (_, index) =>
      store.commit([{ kind: 'create', path: `/n${index}`, data }]),
    );
    const settling = Promise.allSettled(commits);
    expect(store.counters.writes).toBeLessThan(before + 8);
    proxy.cut();
    const settled = await settling;
    expect(settled[0]).toMatchObject({ reason: { kind: 'unknown' } });
    expect(settled[7]).toMatchObject({ reason: { kind: 'unavailable' } });
  });

  it('megabytes in both directions are bounded in flight and all arrive', async () => {
    const store = await zookeeper.open();
    const data = Buffer.alloc(900_000, 'x');
    const commits = Array.from({ length: 24 }, (_, index) =>
      store.commit([{ kind: 'create', path: `/n${index}`, data }]),
    );
    await Promise.all(commits);
    const nodes = await Promise.all(commits.map((_, index) => store.read(`/n${index}`)));
    expect(nodes.every((node) => node?.data.equals(data))).toBe(true);
  });
});
