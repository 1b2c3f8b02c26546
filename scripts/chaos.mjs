/**
 * `npm run chaos`: runs real servers, gateways and nginx under load while faults come and go. The options are those of
 * `chaos/options.ts`.
 */
import { exitWith, runNode } from './child.mjs';
import { prepare } from './prepare.mjs';

await exitWith(async () => {
  await prepare('build', 'zookeeper', 'nginx');
  return runNode(['--import', 'tsx', 'chaos/main.ts', ...process.argv.slice(2)]);
});
