/**
 * `npm run sizing` and `npm run backlog`: installs and builds what is missing, and runs the program that is named first, with
 * what comes behind it.
 */
import { runNode } from './child.mjs';
import { installPeers } from './peer-installation.mjs';
import { ensureBuild, ensurePackages } from './workspace.mjs';
import { installZooKeeper } from './zookeeper-installation.mjs';

try {
  await ensurePackages({ report: console.log });
  await ensureBuild({ report: console.log });
  installZooKeeper({ report: console.log });
  installPeers({ needs: [{ debianPackage: 'default-jdk-headless', file: 'jcmd' }], report: console.log });
  process.exitCode = await runNode(['--import', 'tsx', ...process.argv.slice(2)]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
