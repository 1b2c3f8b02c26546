/** Reads across the loss of a connection. */
import { beforeEach, describe, expect, it } from 'vitest';
import { readThrough, readWithDeadline, untilConnected } from '../../../../src/queue/commit/read-through.ts';
import type { Runtime } from '../../../../src/queue/runtime/runtime.ts';
import type { MemoryEnsemble } from '../../../support/memory-ensemble.ts';
import type { Fault, MemoryStore } from '../../../support/memory-store.ts';
import { storeRuntime } from '../../../support/store-runtime.ts';
import { create } from '../../../support/write-builders.ts';

let ensemble: MemoryEnsemble;
let store: MemoryStore;
let runtime: Runtime;
/** Of the next requests, in order; then none. */
let faults: Fault[];

beforeEach(() => {
  ({ ensemble, store, runtime, faults } = storeRuntime(5));
});

const patient = () => AbortSignal.timeout(5_000);
const exists = async () => (await store.stat('/a')) !== undefined;

describe('reading through', () => {
  it('reads again after each loss of the connection', async () => {
    ensemble.apply([create('/a')]);
    faults.push('unavailable', 'answer-lost', 'none');
    expect(await readThrough(runtime, patient(), exists)).toBe(true);
  });

  it('gives up when the time is over, as unavailable', async () => {
    store.disconnect();
    await expect(readThrough(runtime, AbortSignal.timeout(5), exists)).rejects.toMatchObject({
      code: 'unavailable',
    });
    await expect(untilConnected(runtime, AbortSignal.abort())).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('gives up when the time of a request is over, if that is all it is given', async () => {
    store.disconnect();
    await expect(readWithDeadline(runtime, exists)).rejects.toMatchObject({ code: 'unavailable' });
    store.connect();
    expect(await readWithDeadline(runtime, exists)).toBe(false);
  });
});
