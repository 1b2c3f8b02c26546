import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ZooKeeperStore } from '../../../src/queue/zookeeper/session.ts';
import { StoreError } from '../../../src/queue/zookeeper/store.ts';
import { connected, entered, openTestStore } from '../../support/test-store.ts';
import { fresh, set } from '../../support/write-builders.ts';
import {
  startEnsemble,
  type ZooKeeperEnsemble,
  type ZooKeeperServer,
} from '../../support/zookeeper-server.ts';

let ensemble: ZooKeeperEnsemble;
let stores: ZooKeeperStore[] = [];

beforeAll(async () => {
  ensemble = await startEnsemble(3);
});
afterEach(async () => {
  await Promise.all(stores.map((store) => store.close()));
  stores = [];
});
afterAll(() => ensemble.stop());

async function open(connectionString: string): Promise<ZooKeeperStore> {
  const store = await openTestStore(connectionString);
  stores.push(store);
  return store;
}

async function leader(): Promise<ZooKeeperServer> {
  for (const server of ensemble.servers) {
    if ((await server.command('srvr')).includes('Mode: leader')) return server;
  }
  throw new Error('no leader');
}

/** Tries to raise the counter by one; whether the ensemble has acknowledged it. */
async function raise(store: ZooKeeperStore, path: string): Promise<boolean> {
  await connected(store);
  try {
    const before = await store.read(path);
    const count = Number(before?.data.toString()) + 1;
    const result = await store.commit([set(path, `${count}`, before?.stat.version ?? -1)]);
    return result.applied;
  } catch (error) {
    if (error instanceof StoreError) return false;
    throw error;
  }
}

describe('an ensemble of three', () => {
  it('shows a committed write to a store on another server after a barrier', async () => {
    const on = ensemble.servers.map((server) => open(`${server.address}/barriers`));
    const [writer, ...readers] = await Promise.all(on);
    await writer?.commit(fresh('/page'));
    for (let version = 1; version <= 50; version += 1) {
      await writer?.commit([set('/page', `${version}`, version)]);
      for (const reader of readers) {
        await reader.barrier();
        expect((await reader.read('/page'))?.data.toString()).toBe(`${version}`);
      }
    }
  });

  it('goes on after its leader was killed, and no write that was acknowledged is lost', async () => {
    const store = await open(`${ensemble.connectionString}/failover`);
    await store.commit(fresh('/count', '0'));
    let acknowledged = 0;
    let isOver = false;
    const raising = (async () => {
      while (!isOver) {
        if (await raise(store, '/count')) acknowledged += 1;
      }
    })();
    const suspended = entered(store, 'suspended');
    const victim = await leader();
    await victim.kill();
    await suspended;
    await connected(store);
    const before = acknowledged;
    while (acknowledged < before + 20) await store.barrier().catch(() => connected(store));
    isOver = true;
    await raising;
    const count = Number((await store.read('/count'))?.data.toString());
    expect(count).toBeGreaterThanOrEqual(acknowledged);
    await victim.restart();
  });

  it('keeps the session when the server behind the connection is killed', async () => {
    const store = await open(`${ensemble.connectionString}/moved`);
    const states: string[] = [];
    store.onState((state) => states.push(state));
    for (const server of ensemble.servers) {
      await server.kill();
      await connected(store);
      await store.barrier().catch(() => connected(store));
      await server.restart();
      await connected(store);
    }
    expect(states).not.toContain('lost');
    expect(states).toContain('suspended');
  });

  it('is unavailable without a majority, and resumes with one', async () => {
    const store = await open(`${ensemble.connectionString}/majority`);
    const suspended = entered(store, 'suspended');
    const [one, two] = ensemble.servers;
    await Promise.all([one?.kill(), two?.kill()]);
    await suspended;
    await expect(store.barrier()).rejects.toMatchObject({ kind: 'unavailable' });
    await Promise.all([one?.restart(), two?.restart()]);
    await connected(store);
    await store.barrier();
  });
});
