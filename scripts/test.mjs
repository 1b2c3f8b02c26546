/** `npm test`: runs the whole suite. Arguments are passed on to vitest: `npm test -- test/unit` runs a part. */
import { exitWith, runNode } from './child.mjs';
import { prepare, prepareIfPossible } from './prepare.mjs';

await exitWith(async () => {
  await prepare('build', 'zookeeper');
  // Where nginx is missing and may not be installed, the tests that need it are left out.
  await prepareIfPossible('nginx');
  return runNode(['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)]);
});
