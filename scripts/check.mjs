/**
 * `npm run check`: what can be known without starting a server. Style, types, and the tests of `test/unit`: structure,
 * documents, the model, the engine on its twin in memory, routes; not the searches (`vitest.config.ts`). Arguments are passed on to vitest, to run only some
 * of the tests: `npm run check -- test/unit/queue`.
 */
import { exitWith } from './child.mjs';
import { prepare } from './prepare.mjs';
import { runSideBySide } from './side-by-side.mjs';

/** What the compiler remembers: it looks only at what has changed since, and what that touches. */
const memory = 'node_modules/.cache/zoogate/types.tsbuildinfo';

await exitWith(async () => {
  const beganMs = performance.now();
  await prepare();
  console.log('Checking style, types and the tests that need no server');
  const tests = ['run', '--project', 'unit', '--reporter', 'dot', ...process.argv.slice(2)];
  const failed = await runSideBySide([
    { name: 'lint', parameters: ['node_modules/@biomejs/biome/bin/biome', 'check', '.'] },
    {
      name: 'types',
      parameters: [
        'node_modules/typescript/bin/tsc',
        '--noEmit',
        '--incremental',
        '--tsBuildInfoFile',
        memory,
      ],
    },
    { name: 'tests', parameters: ['node_modules/vitest/vitest.mjs', ...tests] },
  ]);
  const seconds = ((performance.now() - beganMs) / 1000).toFixed(0);
  console.log(failed.length === 0 ? `check: passed in ${seconds} s` : `check: FAILED: ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
});
