/** Runs Node.js programs in the clone as this process's own: same output, same exit code, same end. */
import { spawn } from 'node:child_process';
import { root } from './workspace.mjs';

/**
 * @param {string[]} parameters of `node`: the script, and what it is given
 * @param {Record<string, string>} [variables] added to the environment
 * @returns {Promise<number>} its exit code
 */
export function runNode(parameters, variables = {}) {
  const env = { ...process.env, ...variables };
  const child = spawn(process.execPath, parameters, {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const stopForwarding = forwardSignals(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      stopForwarding();
      resolve(code ?? 1);
    });
  });
}

/**
 * The child cleans up by itself when it is told to stop; this process only waits for that.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @returns {() => void} ends it
 */
export function forwardSignals(child) {
  const names = /** @type {const} */ (['SIGINT', 'SIGTERM']);
  /** @param {NodeJS.Signals} name */
  const forward = (name) => void child.kill(name);
  for (const name of names) process.on(name, forward);
  return () => {
    for (const name of names) process.off(name, forward);
  };
}

/**
 * Makes the work's result this process's exit code. An error is one line on stderr, and code 1.
 *
 * @param {() => Promise<number>} work
 */
export async function exitWith(work) {
  try {
    process.exitCode = await work();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
