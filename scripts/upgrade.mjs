/**
 * `npm run upgrade`: replaces gateways of an earlier version by those of this one, and back, under load. The options are
 * those of `chaos/upgrade-main.ts`.
 */
import { runNode } from './child.mjs';
import { installNginx } from './nginx-installation.mjs';
import { ensureBuild, ensurePackages } from './workspace.mjs';
import { installZooKeeper } from './zookeeper-installation.mjs';

try {
  await ensurePackages({ report: console.log });
  await ensureBuild({ report: console.log });
  installZooKeeper({ report: console.log });
  installNginx({ report: console.log });
  process.exitCode = await runNode(['--import', 'tsx', 'chaos/upgrade-main.ts', ...process.argv.slice(2)]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
