/** What an act costs the ensemble, by the counters of an engine's store. */
import { type Engine, until } from './engine-fixture.ts';

export interface StoreCost {
  readonly reads: number;
  readonly writes: number;
  readonly bytesWritten: number;
}

/** Waits until an engine has nothing more to do in the background. */
export async function whenQuiet({ store }: Engine): Promise<void> {
  let [still, before] = [0, ''];
  await until(() => {
    const now = JSON.stringify(store.counters);
    still = now === before ? still + 1 : 0;
    before = now;
    return still > 10;
  }, 'the engine is quiet');
}

/** What the engine asked for while the act went on, and what came of the act. */
export async function costOf<Result>(
  { store }: Engine,
  act: () => Promise<Result>,
): Promise<{ result: Result; cost: StoreCost }> {
  const { reads, writes, bytesWritten } = store.counters;
  const result = await act();
  const { counters } = store;
  return {
    result,
    cost: {
      reads: counters.reads - reads,
      writes: counters.writes - writes,
      bytesWritten: counters.bytesWritten - bytesWritten,
    },
  };
}
