/** `npm run bench`: measures zoogate beside other brokers. The options are those of `bench/options.ts`. */
import { exitWith, runNode } from './child.mjs';
import { prepare } from './prepare.mjs';

await exitWith(async () => {
  await prepare('build', 'zookeeper');
  return runNode(['--import', 'tsx', 'bench/main.ts', ...process.argv.slice(2)]);
});
