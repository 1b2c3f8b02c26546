/**
 * `npm test`: installs and builds what is missing, runs the whole suite, and ends with its exit code. Arguments are
 * passed on to vitest: `npm test -- test/unit` runs a part.
 */
import { runNode } from './child.mjs';
import { installNginx } from './nginx-installation.mjs';
import { ensureBuild, ensurePackages } from './workspace.mjs';
import { installZooKeeper } from './zookeeper-installation.mjs';

try {
  await ensurePackages({ report: console.log });
  await ensureBuild({ report: console.log });
  installZooKeeper({ report: console.log });
  offerNginx();
  process.exitCode = await runNode(['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** The tests that need it are left out where it is missing and may not be installed. */
function offerNginx() {
  try {
    installNginx({ report: console.log });
  } catch (error) {
    console.log(error instanceof Error ? error.message : error);
  }
}
