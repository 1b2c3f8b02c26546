/** One commit made of parts: what comes of a part that cannot look again after a conflict. */
import { expect, it } from 'vitest';
import { commitParts } from '../../../../src/queue/commit/parts.ts';
import { SEGMENT_LIMITS } from '../../../../src/queue/model/segment.ts';
import { systemRandom, systemTimers } from '../../../../src/queue/runtime/system-runtime.ts';
import { StoreError } from '../../../../src/queue/zookeeper/store.ts';
import { MemoryEnsemble } from '../../../support/memory-ensemble.ts';
import { MemoryStore } from '../../../support/memory-store.ts';
import { silentLogger } from '../../../support/test-store.ts';
import { create } from '../../../support/write-builders.ts';

const commit = (conflicted: () => Promise<void>) => {
  const runtime = {
    store: new MemoryStore(new MemoryEnsemble()),
    timers: systemTimers,
    random: systemRandom,
    logger: silentLogger,
    requestTimeoutMs: 1_000,
    counts: { expired: 0, deadLettered: 0, droppedDead: 0 },
    segmentLimits: SEGMENT_LIMITS,
  };
  // It is there from the beginning.
  const part = { writes: [create('/clock')], applied: () => {}, conflicted };
  return commitParts(runtime as never, [part], AbortSignal.timeout(5_000));
};

it('has lost to somebody faster, also when the connection breaks while it is looked who that was', async () => {
  const lost = () => Promise.reject(new StoreError('unavailable', 'no answer came'));
  expect(await commit(lost)).toBe('conflict');
});

it('passes on what is no failure of the ensemble', async () => {
  await expect(commit(() => Promise.reject(new TypeError('a defect')))).rejects.toThrow('a defect');
});
