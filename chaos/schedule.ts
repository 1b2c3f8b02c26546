/**
 * When which fault comes, drawn from a seed. Pure.
 *
 * The kinds come in their own order, again and again, so that each has had its turn after one round; how long it is
 * quiet before each, and how long each lasts, is random. A fault's time is not fixed beforehand: it begins so long
 * after everything has recovered from the one before.
 */
import { seededRandom } from './seeded-random.ts';

export interface FaultKind {
  readonly name: string;
  /** Shortest and longest time between the fault and its end, in ms. */
  readonly lastsMs: readonly [number, number];
}

export interface PlannedFault {
  readonly name: string;
  /** Quiet before it. */
  readonly gapMs: number;
  readonly lastsMs: number;
}

const gapMs = [500, 2_000] as const;

/** Faults without end. */
export function* plannedFaults(seed: number, kinds: readonly FaultKind[]): Generator<PlannedFault, never> {
  if (kinds.length === 0) throw new Error('there is no fault to plan');
  const random = seededRandom(seed);
  const between = ([least, most]: readonly [number, number]) => Math.round(least + random() * (most - least));
  for (;;) {
    for (const { name, lastsMs } of kinds) {
      yield { name, gapMs: between(gapMs), lastsMs: between(lastsMs) };
    }
  }
}
