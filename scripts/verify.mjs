/**
 * `npm run verify`: the long searches, one after the other, each of them to its end also when one before it has failed.
 * `npm run verify -- chaos fuzz` runs some; `--seed N` repeats those of an earlier run.
 */
import { randomInt } from 'node:crypto';
import { exitWith, runNode } from './child.mjs';
import { prepare } from './prepare.mjs';
import { parseArguments, SEED_MAX } from './verify-parts.mjs';

let stopped = false;
for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(name, () => {
    stopped = true;
  });
}

await exitWith(async () => {
  const { parts, seed } = parseArguments(process.argv.slice(2), randomInt(SEED_MAX + 1));
  console.log(`Seed ${seed}. On two quiet cores:`);
  for (const { name, what, minutes } of parts) console.log(`  ${name.padEnd(12)}${minutes} min  ${what}`);
  console.log(`  ${'in all'.padEnd(12)}${parts.reduce((sum, { minutes }) => sum + minutes, 0)} min`);

  await prepare();
  /** @type {{ name: string, code: number, minutes: string }[]} */
  const ended = [];
  for (const { name, minutes, parameters, variables } of parts) {
    if (stopped) break;
    console.log(`\n== ${name} (${ended.length + 1} of ${parts.length}, about ${minutes} min)`);
    const beganMs = performance.now();
    const code = await runNode(parameters(seed), variables?.(seed));
    ended.push({ name, code, minutes: ((performance.now() - beganMs) / 60_000).toFixed(1) });
  }

  console.log('');
  for (const { name, code, minutes } of ended) {
    const outcome = code === 0 ? 'passed' : `FAILED: npm run verify -- ${name} --seed ${seed}`;
    console.log(`  ${name.padEnd(12)}${minutes} min  ${outcome}`);
  }
  const failed = ended.filter(({ code }) => code !== 0).map(({ name }) => name);
  if (failed.length > 0) console.log(`verify: FAILED: ${failed.join(', ')}`);
  else if (stopped) console.log('verify: stopped');
  else console.log('verify: passed');
  return failed.length > 0 || stopped ? 1 : 0;
});
