/** What the engine's lower rooms run on in tests of their own: a store in memory, whose next requests may fail. */
import { GatewayLoad, NO_LIMITS } from '../../src/queue/limits/rate-limited.ts';
import { SEGMENT_LIMITS } from '../../src/queue/model/segment.ts';
import { Counts } from '../../src/queue/runtime/counts.ts';
import type { Runtime } from '../../src/queue/runtime/runtime.ts';
import { systemRandom, systemTimers } from '../../src/queue/runtime/system-runtime.ts';
import { MemoryEnsemble } from './memory-ensemble.ts';
import { type Fault, MemoryStore } from './memory-store.ts';
import { silentLogger } from './test-store.ts';

export interface StoreRuntime {
  readonly ensemble: MemoryEnsemble;
  readonly store: MemoryStore;
  readonly runtime: Runtime;
  /** Of the next requests, in order; then none. */
  readonly faults: Fault[];
}

export function storeRuntime(requestTimeoutMs: number): StoreRuntime {
  const ensemble = new MemoryEnsemble();
  const faults: Fault[] = [];
  const store = new MemoryStore(ensemble, { fault: () => faults.shift() ?? 'none' });
  const runtime: Runtime = {
    store,
    timers: systemTimers,
    random: systemRandom,
    logger: silentLogger,
    requestTimeoutMs,
    counts: new Counts(0),
    segmentLimits: SEGMENT_LIMITS,
    load: new GatewayLoad(NO_LIMITS),
  };
  return { ensemble, store, runtime, faults };
}
