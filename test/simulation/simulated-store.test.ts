/** The simulation's store keeps to the port as the real one does: the same suite runs over it, at a follower too. */
import { describe, expect, it } from 'vitest';
import { storeConformance } from '../support/store-conformance.ts';
import { create } from '../support/write-builders.ts';
import { Chance } from './chance.ts';
import { ProcessLife } from './process-life.ts';
import { SimulatedEnsemble } from './simulated-ensemble.ts';
import { SimulatedStore } from './simulated-store.ts';
import { VirtualTime } from './virtual-time.ts';

function simulated(seed: string, ensembleSize: number) {
  const time = new VirtualTime();
  const chance = new Chance(seed);
  const ensemble = new SimulatedEnsemble(time, chance, ensembleSize);
  const open = () =>
    new SimulatedStore({ time, chance, ensemble, life: new ProcessLife(time), requestTimeoutMs: 5_000 });
  return { time, ensemble, open };
}

/** Lets virtual time pass for a test that lives in real time. */
function pump(time: VirtualTime): () => void {
  let open = true;
  const step = async () => {
    await time.run(() => false, time.nowMs + 1_000);
    if (open) setImmediate(step);
  };
  void step();
  return () => {
    open = false;
  };
}

describe.each([1, 3])('in an ensemble of %i', (size) => {
  storeConformance('the simulated store', async () => {
    const { time, open } = simulated('conformance', size);
    const stop = pump(time);
    const store = open();
    await store.whenConnected(AbortSignal.timeout(10_000));
    return { store, close: async () => stop() };
  });
});

describe('what goes wrong with the simulated store', () => {
  it('a follower shows what is old, until a barrier has come through', async () => {
    const { time, ensemble, open } = simulated('old', 3);
    ensemble.lagMs = 1_000;
    const stores = Array.from({ length: 8 }, open);
    await time.run(() => stores.every(({ state }) => state === 'connected'), 60_000);
    const writer = stores.find(({ server }) => server && ensemble.isLeader(server));
    const reader = stores.find(({ server }) => server && !ensemble.isLeader(server));
    const seen: unknown[] = [];
    const story = async () => {
      await writer?.commit([create('/a')]);
      seen.push(await reader?.stat('/a'));
      await reader?.barrier();
      seen.push((await reader?.stat('/a'))?.version);
    };
    void story();
    await time.run(() => seen.length === 2, 60_000);
    expect(seen).toEqual([undefined, 0]);
  });

  it('a write that was on its way when the connection broke may be applied, until the session has moved', async () => {
    const fates = new Set<string>();
    for (let seed = 0; seed < 100; seed += 1) {
      const { time, ensemble, open } = simulated(`cut ${seed}`, 3);
      const store = open();
      await time.run(() => store.state === 'connected', 60_000);
      let ending = '';
      store.commit([create('/a')]).then(
        () => {
          ending = 'answered';
        },
        (error) => {
          ending = error.kind;
        },
      );
      time.after((seed % 10) / 2, () => store.disconnect(50));
      await time.run(() => store.state === 'connected' && ending !== '' && time.nowMs > 5_000, 60_000);
      const before = ensemble.tree.stat('/a') !== undefined;
      await time.run(() => false, 60_000);
      expect(ensemble.tree.stat('/a') !== undefined).toBe(before);
      fates.add(`${ending} ${before}`);
    }
    expect([...fates].sort()).toEqual(['answered true', 'unknown false', 'unknown true']);
  });

  it('a watch is told, though the connection breaks while the event is on its way', async () => {
    const { time, open } = simulated('told', 1);
    const [store, other] = [open(), open()];
    await time.run(() => store.state === 'connected' && other.state === 'connected', 60_000);
    let told = 0;
    const watch = () => {
      told += 1;
    };
    const story = async () => {
      await other.commit([create('/a')]);
      await store.read('/a', { watch });
      store.network.heldUntilMs = Number.POSITIVE_INFINITY;
      await other.commit([{ kind: 'delete', path: '/a', version: -1 }]);
      store.disconnect(50);
    };
    void story();
    await time.run(() => told > 0, 60_000);
    expect(told).toBe(1);
  });

  it('the same seed gives the same run', async () => {
    const runs = [1, 2].map(async () => {
      const { time, ensemble, open } = simulated('again', 3);
      const stores = [open(), open()];
      await time.run(() => stores.every(({ state }) => state === 'connected'), 60_000);
      const order: number[] = [];
      stores.forEach((store, index) => {
        for (let count = 0; count < 20; count += 1)
          void store.commit([create(`/${index}-${count}`)]).then(() => void order.push(index));
      });
      await time.run(() => order.length === 40, 60_000);
      return { order, nowMs: time.nowMs, paths: ensemble.tree.paths };
    });
    const [first, second] = await Promise.all(runs);
    expect(second).toEqual(first);
  });
});
