/** `npm run sdk`: has generated clients use a live gateway. For one language: `npm run sdk -- python`. */
import { exitWith, runNode } from './child.mjs';
import { prepare } from './prepare.mjs';

await exitWith(async () => {
  await prepare('build', 'zookeeper');
  return runNode(['--import', 'tsx', 'sdk/main.ts', ...process.argv.slice(2)]);
});
