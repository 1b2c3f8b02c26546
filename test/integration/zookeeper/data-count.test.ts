/** How much data there is, as real servers count it: for whichever path, beside whichever quota of an operator. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commitAndLearn } from '../../../src/queue/commit/lost-answers.ts';
import { GatewayLoad, NO_LIMITS } from '../../../src/queue/limits/rate-limited.ts';
import { BrokerError } from '../../../src/queue/model/errors.ts';
import { SEGMENT_LIMITS } from '../../../src/queue/model/segment.ts';
import { Counts } from '../../../src/queue/runtime/counts.ts';
import { Deadline } from '../../../src/queue/runtime/deadline.ts';
import { systemRandom, systemTimers } from '../../../src/queue/runtime/system-runtime.ts';
import type { ZooKeeperStore } from '../../../src/queue/zookeeper/session.ts';
import { sizeConformance } from '../../support/size-conformance.ts';
import { connected, openTestStore, silentLogger } from '../../support/test-store.ts';
import { create } from '../../support/write-builders.ts';
import { startZooKeeper, type ZooKeeperServer } from '../../support/zookeeper-server.ts';

let server: ZooKeeperServer;
/** At the root, as an operator would work. */
let operator: ZooKeeperStore;
const opened: ZooKeeperStore[] = [];

beforeAll(async () => {
  server = await startZooKeeper(['enforceQuota=true']);
  operator = await open('');
});
afterAll(async () => {
  await Promise.all(opened.map((store) => store.close()));
  await server.stop();
});

async function open(chroot: string): Promise<ZooKeeperStore> {
  const store = await openTestStore(server.address + chroot);
  opened.push(store);
  return store;
}

const quotaOf = (path: string) => `/zookeeper/quota${path}`;

/** As `setquota` of ZooKeeper's own client does. */
async function setQuota(path: string, limits: string): Promise<void> {
  const parts = path.split('/').slice(1);
  const nodes = parts.map((_, index) => create(quotaOf(`/${parts.slice(0, index + 1).join('/')}`)));
  const leaves = [
    create(`${quotaOf(path)}/zookeeper_limits`, limits),
    create(`${quotaOf(path)}/zookeeper_stats`),
  ];
  expect(await operator.commit([...nodes, ...leaves])).toMatchObject({ applied: true });
}

sizeConformance('the size of a real store', async () => {
  const store = await openTestStore(`${server.address}/size/${randomUUID()}`);
  return { store, close: () => store.close() };
});

describe('the amount of data', () => {
  test('is told to every store on the same path, whoever wrote it, and who counts at once disturbs nobody', async () => {
    const chroot = `/shared-${randomUUID()}`;
    const stores = [await open(chroot), await open(chroot), await open(chroot)];
    await Promise.all(stores.map((store) => store.size()));
    const before = await stores[0]?.size();
    await stores[1]?.commit([create('/x', 'x'.repeat(777))]);
    const sizes = await Promise.all(stores.map((store) => store.size()));
    expect(new Set(sizes.map(({ dataBytes }) => dataBytes))).toEqual(
      new Set([(before?.dataBytes ?? 0) + 777]),
    );
  });

  test('does not tell of other paths', async () => {
    const [here, there] = [await open(`/here-${randomUUID()}`), await open(`/there-${randomUUID()}`)];
    const before = await here.size();
    await there.commit([create('/x', 'x'.repeat(5_000))]);
    expect(await here.size()).toEqual(before);
  });

  test('is counted without a chroot too, where a quota on the root would end the server', async () => {
    const store = await open('');
    await store.commit([create('/data')]);
    const before = await store.size();
    await store.commit([create('/data/x', 'x'.repeat(300))]);
    expect(await store.size()).toEqual({ nodes: before.nodes + 1, dataBytes: before.dataBytes + 300 });
    expect(await operator.stat('/zookeeper/quota/zookeeper_limits')).toBeUndefined();
  });

  test('is told by the quota of an operator on a path above, which goes on counting', async () => {
    const above = `/above-${randomUUID()}`;
    const store = await open(`${above}/deep/broker`);
    await setQuota(above, 'count=-1,bytes=-1');
    const before = await store.size();
    await store.commit([create('/x', 'x'.repeat(200))]);
    expect((await store.size()).dataBytes).toBe(before.dataBytes + 200);
    expect(await operator.stat(quotaOf(`${above}/deep`))).toBeUndefined();
  });

  test('is counted anew after an operator has removed the quota', async () => {
    const chroot = `/removed-${randomUUID()}`;
    const store = await open(chroot);
    const before = await store.size();
    const nodes = ['/zookeeper_stats', '/zookeeper_limits', ''].map((name) => quotaOf(chroot) + name);
    await operator.commit(nodes.map((path) => ({ kind: 'delete', path, version: -1 })));
    expect(await store.size()).toEqual(before);
  });

  test('survives a restart of the server', async () => {
    const store = await open(`/restarted-${randomUUID()}`);
    await store.commit([create('/x', 'x'.repeat(4_000))]);
    const before = await store.size();
    await server.restart();
    await Promise.all([connected(store), connected(operator)]);
    expect(await store.size()).toEqual(before);
  });
});

test('a write beyond a quota that the servers enforce is refused as such, and nothing is stored', async () => {
  const chroot = `/full-${randomUUID()}`;
  const store = await open(chroot);
  await setQuota(chroot, 'count=-1,bytes=-1;byteHardLimit=1000;countHardLimit=-1');
  const runtime = {
    ...{ store, timers: systemTimers, random: systemRandom, logger: silentLogger, requestTimeoutMs: 5_000 },
    counts: new Counts(0),
    ...{ segmentLimits: SEGMENT_LIMITS, load: new GatewayLoad(NO_LIMITS) },
  };
  const signal = new Deadline(systemTimers, 10_000);
  const committing = commitAndLearn(runtime, [create('/x', 'x'.repeat(2_000))], async () => false, signal);
  const error = await committing.catch((reason: unknown) => reason);
  signal.cancel();
  expect(error).toBeInstanceOf(BrokerError);
  expect(error).toMatchObject({ code: 'store-full', cause: { kind: 'refused', refusal: 'quota' } });
  expect(await store.stat('/x')).toBeUndefined();
  expect(await store.commit([create('/small')])).toMatchObject({ applied: true });
});
