/**
 * `npm run sdk`: installs and builds what is missing, and has generated clients use a live gateway. For one language:
 * `npm run sdk -- python`.
 */
import { runNode } from './child.mjs';
import { ensureBuild, ensurePackages } from './workspace.mjs';
import { installZooKeeper } from './zookeeper-installation.mjs';

try {
  await ensurePackages({ report: console.log });
  await ensureBuild({ report: console.log });
  installZooKeeper({ report: console.log });
  process.exitCode = await runNode(['--import', 'tsx', 'sdk/main.ts', ...process.argv.slice(2)]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
