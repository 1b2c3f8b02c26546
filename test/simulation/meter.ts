/** Measures what a run's gateways ask of the ensemble, and what they keep. */
import type { Idleness } from './rules/frugality.ts';
import type { World } from './world.ts';

/** What gateways look after now and then by themselves is done by then. */
const QUARTER_MS = 900_000;

/** Sent so far by those gateways that run. */
export function sent({ gateways }: World): { readonly reads: number; readonly writes: number } {
  let [reads, writes] = [0, 0];
  for (const { store } of gateways) {
    reads += store?.counters.reads ?? 0;
    writes += store?.counters.writes ?? 0;
  }
  return { reads, writes };
}

/** Leaves the cluster alone, twice: the first time it may still be tidying up. */
export async function leaveAlone(world: World): Promise<Idleness> {
  const { time, ensemble, gateways } = world;
  await time.sleep(QUARTER_MS);
  const before = sent(world);
  await time.sleep(QUARTER_MS);
  const after = sent(world);
  const watches = ensemble.servers.reduce((sum, { tree }) => sum + tree.watched.length, 0);
  const requests = after.reads - before.reads + after.writes - before.writes;
  const { length } = gateways;
  return { requests: requests / length, watches: watches / length, timers: time.pending / length };
}
