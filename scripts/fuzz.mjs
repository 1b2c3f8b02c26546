/**
 * `npm run fuzz`: installs and builds what is missing, and looks for answers that the OpenAPI document does not
 * describe. The options are those of `fuzz/options.ts`.
 */
import { runNode } from './child.mjs';
import { ensureBuild, ensurePackages } from './workspace.mjs';
import { installZooKeeper } from './zookeeper-installation.mjs';

try {
  await ensurePackages({ report: console.log });
  await ensureBuild({ report: console.log });
  installZooKeeper({ report: console.log });
  process.exitCode = await runNode(['--import', 'tsx', 'fuzz/main.ts', ...process.argv.slice(2)]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
