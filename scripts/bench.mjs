/**
 * `npm run bench`: installs and builds what is missing, and measures zoogate beside other brokers. The options are
 * those of `bench/options.ts`.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuild, ensurePackages, root } from './workspace.mjs';
import { installZooKeeper } from './zookeeper-installation.mjs';

try {
  await ensurePackages({ report: console.log });
  await ensureBuild({ report: console.log });
  installZooKeeper({ report: console.log });
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/**
 * @param {string[]} options
 * @returns {Promise<number>}
 */
function run(options) {
  // It cleans up by itself when it is told to stop; this process only waits for that.
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(name, () => child.kill(name));
  const program = ['--import', 'tsx', join(root, 'bench/main.ts'), ...options];
  const child = spawn(process.execPath, program, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
