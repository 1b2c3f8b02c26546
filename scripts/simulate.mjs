/** `npm run simulate`: compiles the simulation, since runs by the thousand deserve it, and runs it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensurePackages, root } from './workspace.mjs';

try {
  await ensurePackages({ report: console.log });
  const tsc = ['node_modules/typescript/bin/tsc', '--project', 'test/simulation/tsconfig.json'];
  process.exitCode =
    (await runNode(tsc)) ||
    (await runNode(['.build-simulation/test/simulation/command.js', ...process.argv.slice(2)]));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/**
 * @param {string[]} parameters the script and what it is given
 * @returns {Promise<number>} its exit code
 */
function runNode([script = '', ...parameters]) {
  const child = spawn(process.execPath, [join(root, script), ...parameters], { cwd: root, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
