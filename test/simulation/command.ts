/**
 * `npm run simulate -- [--runs N] [--seed S] [--family NAME] [--plants] [--plant TEXT]`
 *
 * Without a seed the runs are seeded afresh each time; a run that fails prints its own seed, and `--seed` with that
 * (and `--runs 1`) gives the same run again, to the last message. With `--plants` the engine is broken on purpose, in
 * one way after the other, to show that each is found; with `--plant` only in those that have the text in their names. With
 * `--family` all runs are of that one.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { runCrew } from './crew.ts';
import { FAMILY_NAMES } from './families/index.ts';
import { tryPlants } from './plant-trials.ts';
import type { Run } from './simulation.ts';

const PROGRESS_MS = 10_000;
const FAILURES_SHOWN = 10;

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    seed: { type: 'string' },
    plants: { type: 'boolean', default: false },
    plant: { type: 'string' },
    family: { type: 'string' },
  },
});
const isTrial = values.plants || values.plant !== undefined;
const runs = Number(values.runs ?? (isTrial ? 2_000 : 1_000));
if (!Number.isInteger(runs) || runs < 1) {
  console.error(`--runs takes a whole number from 1 on, not "${values.runs}"`);
  process.exitCode = 2;
} else if (values.family !== undefined && !FAMILY_NAMES.includes(values.family)) {
  console.error(`--family takes one of ${FAMILY_NAMES.join(', ')}`);
  process.exitCode = 2;
} else {
  const seed = values.family === undefined ? firstSeed() : `${values.family}/${firstSeed()}`;
  const isKept = isTrial ? tryPlants(runs, seed, values.plant ?? '') : simulateAll(runs, seed);
  process.exitCode = (await isKept) ? 0 : 1;
}

function firstSeed(): string {
  return values.seed ?? freshSeed();
}

function freshSeed(): string {
  return randomBytes(4).toString('hex');
}

/** @returns whether no run broke a promise */
async function simulateAll(count: number, seed: string): Promise<boolean> {
  const beganMs = Date.now();
  const failed: Run[] = [];
  const sums: Record<string, number> = {};
  let ended = 0;
  console.log(`Simulating ${count} runs from seed ${seed}`);
  const progress = setInterval(() => {
    console.log(`${ended} of ${count} runs after ${seconds(beganMs)} s, ${failed.length} failed`);
  }, PROGRESS_MS);
  const onRun = (run: Run) => {
    ended += 1;
    for (const [name, value] of Object.entries({ ...run.counts, faults: run.faults.length }))
      sums[name] = (sums[name] ?? 0) + value;
    if (run.violations.length > 0) {
      failed.push(run);
      if (failed.length <= FAILURES_SHOWN) show(run);
    }
    return true;
  };
  // One run has the seed itself, so that a failure can be replayed by it.
  const seeds = count === 1 ? [seed] : Array.from({ length: count }, (_, index) => `${seed}-${index}`);
  try {
    await runCrew({ seeds, onRun });
  } finally {
    clearInterval(progress);
  }
  const each = Object.entries(sums).map(([name, sum]) => `${(sum / ended).toFixed(1)} ${name}`);
  console.log(`${ended} runs in ${seconds(beganMs)} s; each had on average ${each.join(', ')}`);
  console.log(failed.length === 0 ? 'No promise was broken.' : `${failed.length} runs broke a promise.`);
  return failed.length === 0;
}

function show({ seed, family, violations, faults }: Run): void {
  console.log(`\nThe run of seed ${seed} (${family}) broke a promise:`);
  for (const violation of violations.slice(0, 10)) console.log(`  ${violation}`);
  console.log(faults.length === 0 ? '  with nothing the matter' : `  under ${faults.join('; ')}`);
  console.log(`  again: npm run simulate -- --runs 1 --seed ${seed}\n`);
}

function seconds(sinceMs: number): string {
  return ((Date.now() - sinceMs) / 1000).toFixed(0);
}
