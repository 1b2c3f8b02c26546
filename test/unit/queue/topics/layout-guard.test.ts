/** A gateway serves only a tree of the layout that it knows, at its start and later. */
import { afterEach, expect, it } from 'vitest';
import { createBroker } from '../../../../src/queue/broker.ts';
import { systemRandom, systemTimers } from '../../../../src/queue/runtime/system-runtime.ts';
import type { Write } from '../../../../src/queue/zookeeper/store.ts';
import {
  createQueue,
  drained,
  type Engine,
  EngineCluster,
  jobs,
  publish,
  receive,
  staying,
  textMessage,
  until,
} from '../../../support/engine-fixture.ts';
import { silentLogger } from '../../../support/test-store.ts';
import { remove, set } from '../../../support/write-builders.ts';

const clusters: EngineCluster[] = [];
afterEach(() => Promise.all(clusters.splice(0).map((cluster) => cluster.close())));

function newCluster(): EngineCluster {
  const cluster = new EngineCluster();
  clusters.push(cluster);
  return cluster;
}

/** Long enough for a busy machine, and what each test waits for its refusals. */
const REQUEST_TIMEOUT_MS = 2_000;

const events = { kind: 'topic', name: 'events' } as const;
const layout = (version: unknown) => set('/layout', JSON.stringify({ version }), -1);

/** Somebody who is no gateway changes the tree. */
function change({ ensemble }: EngineCluster, ...writes: readonly Write[]): void {
  expect(ensemble.apply(writes)).toMatchObject({ applied: true });
}

/** The tree as it is, to see that nothing writes to it. */
const treeOf = ({ ensemble }: EngineCluster) =>
  ensemble.paths.filter((path) => path !== '/clock').map((path) => [path, ensemble.stat(path)]);

async function stopped({ broker }: Engine): Promise<void> {
  await until(() => broker.isCutOff, 'the gateway stops');
  expect(broker.ready).toBe(false);
}

it('a tree whose layout a gateway does not know is not served, and not changed', async () => {
  const cluster = newCluster();
  const { close } = await cluster.start();
  await close();
  change(cluster, layout(2), remove('/topics'));
  const before = treeOf(cluster);
  const late = cluster.open({ requestTimeoutMs: REQUEST_TIMEOUT_MS });
  await stopped(late);
  await expect(createQueue(late.broker)).rejects.toThrow('nothing was changed');
  expect(treeOf(cluster)).toEqual(before);
});

it.each(['{"version":2}', '{}', 'null', 'torn {', ''])('%j is no layout that is known', async (text) => {
  const cluster = newCluster();
  await (await cluster.start()).close();
  change(cluster, set('/layout', text, -1));
  await stopped(cluster.open());
});

it('a layout that changes ends streams and waiting receives, and every write', async () => {
  const cluster = newCluster();
  const engine = await cluster.start({ requestTimeoutMs: REQUEST_TIMEOUT_MS });
  const { broker } = engine;
  await createQueue(broker, { leaseSeconds: 1 });
  await broker.put(events, { delaySeconds: 0, priorities: 1, dedupWindowSeconds: 300 }, {}, staying());
  await publish(broker, 'leased');
  await broker.publish(jobs, [textMessage('due soon', { delaySeconds: 1 })], staying());
  await receive(broker);
  const stream = (await broker.stream('events', undefined, staying()))[Symbol.asyncIterator]();
  const next = stream.next();
  const waiting = receive(broker, { waitSeconds: 3600 });
  await until(() => broker.telemetry.waitingReceives.used === 1, 'a receive waits');

  change(cluster, layout(2));
  const before = treeOf(cluster);
  await stopped(engine);
  expect(await waiting).toEqual([]);
  expect((await next).done).toBe(true);
  // The lease ends and a message becomes due: nobody here does anything about it.
  cluster.advance(60_000);
  const refused = { status: 'rejected', reason: expect.objectContaining({ code: 'unavailable' }) };
  const late = [publish(broker, 'late'), receive(broker, { waitSeconds: 1 }), broker.get(jobs, staying())];
  expect(await Promise.allSettled<unknown>(late)).toEqual([refused, refused, refused]);
  expect(treeOf(cluster)).toEqual(before);
});

it('it stays stopped when the layout it knows comes back, until it is started again', async () => {
  const cluster = newCluster();
  const engine = await cluster.start({ requestTimeoutMs: REQUEST_TIMEOUT_MS });
  await createQueue(engine.broker);
  await publish(engine.broker, 'kept');
  change(cluster, layout(2));
  await stopped(engine);
  change(cluster, layout(1));
  engine.store.disconnect();
  engine.store.connect();
  await expect(publish(engine.broker, 'late')).rejects.toMatchObject({ code: 'unavailable' });
  await stopped(engine);
  const again = await cluster.start();
  expect(await drained(again.broker)).toEqual(['kept']);
});

it('a layout set anew to the same version is served on', async () => {
  const cluster = newCluster();
  const { broker } = await cluster.start();
  await createQueue(broker);
  const waiting = receive(broker, { waitSeconds: 3600 });
  await until(() => broker.telemetry.waitingReceives.used === 1, 'a receive waits');
  for (let round = 0; round < 3; round += 1) change(cluster, layout(1));
  await until(() => broker.ready, 'it is ready again');
  await publish(broker, 'on');
  expect(await waiting).toHaveLength(1);
});

it('nothing is written after a loss of the connection before the layout is read again', async () => {
  const cluster = newCluster();
  const engine = await cluster.start({ requestTimeoutMs: REQUEST_TIMEOUT_MS });
  await createQueue(engine.broker);
  await publish(engine.broker, 'early');
  const lost = new Promise((resolve) => engine.store.onState(resolve));
  engine.store.disconnect();
  await lost;
  change(cluster, layout(2));
  const before = treeOf(cluster);
  // Sent as soon as there is a connection.
  const late = publish(engine.broker, 'late');
  await Promise.all([expect(late).rejects.toMatchObject({ code: 'unavailable' }), engine.store.connect()]);
  await stopped(engine);
  expect(treeOf(cluster)).toEqual(before);
});

it('a tree that is removed stops a gateway, which makes nothing in its place', async () => {
  const cluster = newCluster();
  const engine = await cluster.start({ requestTimeoutMs: REQUEST_TIMEOUT_MS });
  await createQueue(engine.broker);
  const doomed = cluster.ensemble.paths.filter((path) => path !== '/' && path !== '/clock');
  change(cluster, ...doomed.reverse().map((path) => remove(path)));
  await stopped(engine);
  await expect(createQueue(engine.broker)).rejects.toMatchObject({ code: 'unavailable' });
  expect(cluster.ensemble.paths).toEqual(['/', '/clock']);
  // Started again it begins anew.
  await createQueue((await cluster.start()).broker);
});

it('one line of the log says why', async () => {
  const cluster = newCluster();
  const { store } = await cluster.start();
  const lines: object[] = [];
  const broker = createBroker({
    ...{
      store,
      timers: systemTimers,
      random: systemRandom,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      entryCacheBytesMax: 1024 * 1024,
    },
    logger: { ...silentLogger, error: (fields, message) => lines.push({ ...fields, message }) },
  });
  await until(() => broker.ready, 'it is ready');
  await createQueue(broker);
  await publish(broker, 'one');
  await receive(broker);
  const waiting = receive(broker, { waitSeconds: 3600 }).catch(() => {});
  change(cluster, layout(7));
  await until(() => broker.isCutOff, 'the gateway stops');
  change(cluster, layout(8));
  await waiting;
  await publish(broker, 'two').catch(() => {});
  expect(lines).toEqual([{ found: 7, known: 1, message: expect.stringContaining('until it is restarted') }]);
  await broker.close();
});
