/** Plants one bug after the other into a copy of the engine, and simulates until it is found. */
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCrew } from './crew.ts';
import { PLANTS, type Plant } from './plants.ts';

/** The clone: `npm run simulate` runs there. */
const ROOT = process.cwd();
const COPY = join(ROOT, '.build-plant');

/**
 * @param text part of the names of those to try; empty for all
 * @returns whether each of them was found within `runsMax` runs
 */
export async function tryPlants(runsMax: number, seed: string, text: string): Promise<boolean> {
  const plants = PLANTS.filter(({ name }) => name.includes(text));
  console.log(`Planting ${plants.length} bugs, one at a time, in runs from seed ${seed}\n`);
  console.log('| what is broken | found after | by |\n|---|---|---|');
  let missed = 0;
  for (const plant of plants) {
    const { runs, violation } = await trial(plant, runsMax, seed);
    if (violation === undefined) missed += 1;
    const found = violation === undefined ? `not in ${runs} runs` : `${runs} ${runs === 1 ? 'run' : 'runs'}`;
    console.log(`| ${plant.name} | ${found} | ${(violation ?? '').replaceAll('\n', ' ').slice(0, 140)} |`);
  }
  console.log(missed === 0 ? '\nAll were found.' : `\n${missed} were not found.`);
  return missed === 0;
}

async function trial(
  plant: Plant,
  runsMax: number,
  seed: string,
): Promise<{ readonly runs: number; readonly violation: string | undefined }> {
  try {
    const worker = buildWith(plant);
    let runs = 0;
    let violation: string | undefined;
    const seeds = Array.from({ length: runsMax }, (_, index) => `${seed}-${index}`);
    const onRun = (run: { readonly violations: readonly string[] }) => {
      runs += 1;
      [violation] = run.violations;
      return violation === undefined;
    };
    await runCrew({ seeds, onRun, worker });
    return { runs, violation };
  } finally {
    rmSync(COPY, { recursive: true, force: true });
  }
}

/** @returns the worker's path in a compiled copy of the program that has the plant in it */
function buildWith({ file, find, replace }: Plant): string {
  rmSync(COPY, { recursive: true, force: true });
  for (const name of ['src', 'test/simulation', 'test/support'])
    cpSync(join(ROOT, name), join(COPY, name), { recursive: true });
  const path = join(COPY, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(find).length !== 2) throw new Error(`this does not stand once in ${file}: ${find}`);
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
  for (const name of ['tsconfig.json', 'tsconfig.build.json', 'package.json'])
    cpSync(join(ROOT, name), join(COPY, name));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '--project', 'test/simulation/tsconfig.json', '--outDir', 'built'], {
    cwd: COPY,
    stdio: 'inherit',
  });
  return join(COPY, 'built/test/simulation/worker.js');
}
