import { describe, expect, it, vi } from 'vitest';
import { ANY_VERSION } from '../../../src/queue/zookeeper/store.ts';
import { MemoryEnsemble } from '../../support/memory-ensemble.ts';
import { type Fault, MemoryStore } from '../../support/memory-store.ts';
import { sizeConformance } from '../../support/size-conformance.ts';
import { storeConformance } from '../../support/store-conformance.ts';

storeConformance('the in-memory store', async () => {
  return { store: new MemoryStore(new MemoryEnsemble()), close: async () => {} };
});

sizeConformance('the size of the in-memory store', async () => {
  return { store: new MemoryStore(new MemoryEnsemble()), close: async () => {} };
});

const create = (path: string) => ({ kind: 'create' as const, path, data: Buffer.alloc(0) });

describe('failures of the in-memory store', () => {
  it('an answer that is lost leaves the write applied and its caller without knowledge', async () => {
    const ensemble = new MemoryEnsemble();
    const faults: Fault[] = ['answer-lost', 'request-lost', 'unavailable'];
    const store = new MemoryStore(ensemble, { fault: () => faults.shift() ?? 'none' });
    await expect(store.commit([create('/lost')])).rejects.toMatchObject({ kind: 'unknown' });
    await expect(store.commit([create('/never')])).rejects.toMatchObject({ kind: 'unknown' });
    await expect(store.commit([create('/unsent')])).rejects.toMatchObject({ kind: 'unavailable' });
    expect(ensemble.paths).toEqual(['/', '/clock', '/lost']);
  });

  it('a disconnect fails what is in flight, fires all watches, and refuses calls until connected', async () => {
    const ensemble = new MemoryEnsemble();
    const store = new MemoryStore(ensemble);
    const watch = vi.fn();
    const states: string[] = [];
    store.onState((state) => states.push(state));
    await store.read('/clock', { watch });

    const write = store.commit([create('/in-flight')]);
    const read = store.read('/clock');
    store.disconnect('applied');
    await expect(write).rejects.toMatchObject({ kind: 'unknown' });
    await expect(read).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(store.barrier()).rejects.toMatchObject({ kind: 'unavailable' });
    await vi.waitFor(() => expect(watch).toHaveBeenCalledTimes(1));
    expect(ensemble.paths).toContain('/in-flight');

    const connected = store.whenConnected(AbortSignal.timeout(1_000));
    store.connect();
    await connected;
    expect(states).toEqual(['suspended', 'connected']);
    await store.commit([{ kind: 'set', path: '/clock', data: Buffer.alloc(0), version: ANY_VERSION }]);
    expect(watch).toHaveBeenCalledTimes(1);
  });

  it('two stores see each other through the ensemble', async () => {
    const ensemble = new MemoryEnsemble();
    const [one, two] = [new MemoryStore(ensemble), new MemoryStore(ensemble)];
    const watch = vi.fn();
    await two.list('/', { watch });
    await one.commit([create('/shared')]);
    await two.barrier();
    expect(watch).toHaveBeenCalledTimes(1);
    expect(await two.stat('/shared')).toBeDefined();
  });
});
