/**
 * `npm test`: installs what is missing, runs the whole suite, and ends with its exit code. Arguments are passed on to
 * vitest: `npm test -- test/unit` runs a part.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { installNginx } from './nginx-installation.mjs';
import { ensurePackages, root } from './workspace.mjs';
import { installZooKeeper } from './zookeeper-installation.mjs';

try {
  await ensurePackages({ report: console.log });
  installZooKeeper({ report: console.log });
  offerNginx();
  process.exitCode = await runVitest(process.argv.slice(2));
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

/**
 * @param {string[]} options
 * @returns {Promise<number>}
 */
function runVitest(options) {
  // It stops by itself on Ctrl-C, which reaches it through the terminal; this process only waits for that.
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.on(name, () => child.kill(name));
  }
  const child = spawn(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...options], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
