/**
 * Lets one request of an engine go wrong, and tries that for each request of an act in turn: whatever the moment, the
 * act must come to the same end.
 */
import { type Engine, EngineCluster } from './engine-fixture.ts';

/** The first three as `MemoryStore` has them; the others cut the connection while the request is on its way. */
export const mishaps = [
  'unavailable',
  'request-lost',
  'answer-lost',
  'cut off before it arrives',
  'cut off after it took effect',
] as const;

export type Mishap = (typeof mishaps)[number];

/** Has the engine's n-th request from now on go wrong. @returns how many there were, so far */
export function planMishap({ plan, store }: Engine, mishap: Mishap, nth: number): { requests: number } {
  const seen = { requests: 0 };
  plan(() => {
    seen.requests += 1;
    if (seen.requests - 1 !== nth) return 'none';
    if (mishap === 'cut off before it arrives' || mishap === 'cut off after it took effect') {
      queueMicrotask(() => {
        store.disconnect(mishap === 'cut off before it arrives' ? 'dropped' : 'applied');
        setImmediate(() => store.connect());
      });
      return 'none';
    }
    return mishap;
  });
  return seen;
}

export interface Act<Prepared, Result> {
  prepare(engine: Engine, cluster: EngineCluster): Promise<Prepared>;
  /** What the mishap may hit. */
  act(engine: Engine, prepared: Prepared): Promise<Result>;
  /** @param other an engine that was started afterwards */
  check(outcome: {
    result: Result;
    prepared: Prepared;
    engine: Engine;
    other: Engine;
    cluster: EngineCluster;
  }): Promise<void>;
}

/** Repeats the act on a new ensemble for each of its requests, which goes wrong that time. */
export async function underEveryMishap<Prepared, Result>(
  mishap: Mishap,
  { prepare, act, check }: Act<Prepared, Result>,
): Promise<void> {
  for (let nth = 0; ; nth += 1) {
    const cluster = new EngineCluster();
    try {
      const engine = await cluster.start();
      const prepared = await prepare(engine, cluster);
      const seen = planMishap(engine, mishap, nth);
      const result = await act(engine, prepared);
      engine.plan(() => 'none');
      await check({ result, prepared, engine, other: await cluster.start(), cluster });
      // The act has not even got as far as that request: all have had their turn.
      if (seen.requests <= nth) return;
    } catch (error) {
      throw new Error(`when request ${nth} was the one: ${mishap}`, { cause: error });
    } finally {
      await cluster.close();
    }
  }
}
