/**
 * `npm run upgrade`: replaces gateways of an earlier version by those of this one, and back, under load. The options are
 * those of `chaos/upgrade-main.ts`.
 */
import { exitWith, runNode } from './child.mjs';
import { prepare } from './prepare.mjs';

await exitWith(async () => {
  await prepare('build', 'zookeeper', 'nginx');
  return runNode(['--import', 'tsx', 'chaos/upgrade-main.ts', ...process.argv.slice(2)]);
});
