/**
 * `npm run chaos`: installs and builds what is missing, and runs real servers, gateways and nginx under load while
 * faults come and go. The options are those of `chaos/options.ts`.
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
  process.exitCode = await runNode(['--import', 'tsx', 'chaos/main.ts', ...process.argv.slice(2)]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
