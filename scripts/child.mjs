/** Runs a Node.js program in the clone as this process's own: same output, same exit code, same end. */
import { spawn } from 'node:child_process';
import { root } from './workspace.mjs';

/**
 * @param {string[]} parameters of `node`: the script, and what it is given
 * @returns {Promise<number>} its exit code
 */
export function runNode(parameters) {
  const child = spawn(process.execPath, parameters, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  // It cleans up by itself when it is told to stop; this process only waits for that.
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(name, () => child.kill(name));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
