/**
 * `npm run fuzz`: looks for answers that the OpenAPI document does not describe. The options are those of
 * `fuzz/options.ts`.
 */
import { exitWith, runNode } from './child.mjs';
import { prepare } from './prepare.mjs';

await exitWith(async () => {
  await prepare('build', 'zookeeper');
  return runNode(['--import', 'tsx', 'fuzz/main.ts', ...process.argv.slice(2)]);
});
