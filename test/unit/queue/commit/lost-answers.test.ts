/** Commits whose outcome is always learnt: every way in which one can go wrong, and what is said of it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { commitAndLearn } from '../../../../src/queue/commit/lost-answers.ts';
import { readThrough } from '../../../../src/queue/commit/read-through.ts';
import type { Runtime } from '../../../../src/queue/runtime/runtime.ts';
import { storeError } from '../../../../src/queue/zookeeper/codes.ts';
import { StoreError } from '../../../../src/queue/zookeeper/store.ts';
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
  ({ ensemble, store, runtime, faults } = storeRuntime(1_000));
});

const patient = () => AbortSignal.timeout(5_000);
const exists = async () => (await store.stat('/a')) !== undefined;
const commit = (signal = patient()) => commitAndLearn(runtime, [create('/a')], exists, signal);

describe('a commit', () => {
  it('that is answered gives its results, or why it lost', async () => {
    expect(await commit()).toEqual({ outcome: 'applied', results: [{ kind: 'create', path: '/a' }] });
    expect(await commit()).toEqual({ outcome: 'conflict', index: 0, reason: 'exists' });
  });

  it('whose answer was lost is recognised by its mark', async () => {
    faults.push('answer-lost');
    expect(await commit()).toEqual({ outcome: 'applied' });
  });

  it('that never arrived is told absent, only after a barrier', async () => {
    faults.push('request-lost');
    expect(await commit()).toEqual({ outcome: 'absent' });
    expect(store.counters.writes).toBe(2);
  });

  it('that was never sent is absent without being looked for', async () => {
    faults.push('unavailable');
    expect(await commit()).toEqual({ outcome: 'absent' });
    expect(store.counters.reads).toBe(0);
  });

  it.each(['applied', 'dropped'] as const)(
    'cut off in flight (%s) is resolved once connected',
    async (inFlight) => {
      const committed = commit();
      store.disconnect(inFlight);
      setImmediate(() => store.connect());
      expect(await committed).toEqual({ outcome: inFlight === 'applied' ? 'applied' : 'absent' });
    },
  );

  it('is looked for again when the barrier or the look itself fails', async () => {
    faults.push('answer-lost', 'request-lost', 'none', 'unavailable', 'answer-lost', 'none', 'none');
    expect(await commit()).toEqual({ outcome: 'applied' });
  });

  it('is of unknown outcome when the ensemble does not come back in time', async () => {
    const impatient = new AbortController();
    const committed = commit(impatient.signal);
    store.disconnect('applied');
    setImmediate(() => impatient.abort());
    await expect(committed).rejects.toMatchObject({ code: 'outcome-unknown' });
  });

  it('leaves others their turn while a store says that it is connected and yet fails at once', async () => {
    let isOver = false;
    setTimeout(() => {
      isOver = true;
    }, 10);
    const fail = (kind: 'unknown' | 'unavailable') => Promise.reject(new StoreError(kind, 'no answer came'));
    const deceiving = Object.create(store, {
      commit: { value: () => fail('unknown') },
      whenConnected: { value: () => Promise.resolve() },
      barrier: { value: () => (isOver ? Promise.resolve() : fail('unavailable')) },
    });
    const committed = commitAndLearn(
      { ...runtime, store: deceiving },
      [create('/a')],
      async () => true,
      patient(),
    );
    expect(await committed).toEqual({ outcome: 'applied' });
  });

  it('is of unknown outcome when its mark can no longer be looked for', async () => {
    faults.push('answer-lost');
    const committed = commitAndLearn(runtime, [create('/a')], async () => undefined, patient());
    await expect(committed).rejects.toMatchObject({ code: 'outcome-unknown' });
  });

  it('that was not sent is unavailable, not unknown, when the ensemble does not come back', async () => {
    store.disconnect();
    const impatient = AbortSignal.timeout(5);
    await expect(commit(impatient)).rejects.toMatchObject({ code: 'unavailable' });
    expect(ensemble.stat('/a')).toBeUndefined();
  });

  it.each([
    [-125, 'store-full', /quota/],
    [-127, 'unavailable', /more requests than it takes/],
    [-102, 'unavailable', /belongs to others/],
    [-114, 'unavailable', /cannot be reached/],
  ] as const)('that is refused with code %i is %s, and says why', async (reply, code, detail) => {
    const failing = () => Promise.reject(storeError(reply, 'a call', true));
    const refusing = { ...runtime, store: Object.create(store, { commit: { value: failing } }) };
    const said = { code, message: expect.stringMatching(detail) };
    await expect(commitAndLearn(refusing, [create('/a')], exists, patient())).rejects.toMatchObject(said);
    await expect(readThrough(runtime, patient(), failing)).rejects.toMatchObject(said);
  });

  it('that the ensemble refuses as a whole is unavailable', async () => {
    const refusing = { ...runtime, store: Object.create(store, { commit: { value: refuse } }) };
    await expect(commitAndLearn(refusing, [create('/a')], exists, patient())).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  it('lets an error of the program through', async () => {
    await expect(commitAndLearn(runtime, [], exists, patient())).rejects.toThrow('at least one operation');
  });
});

async function refuse(): Promise<never> {
  throw new StoreError('refused', 'quota exceeded');
}
