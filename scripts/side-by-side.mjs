/** Runs several Node.js programs at once, without mixing what they print. */
import { spawn } from 'node:child_process';
import { forwardSignals } from './child.mjs';
import { root } from './workspace.mjs';

/**
 * @typedef {object} Program
 * @property {string} name
 * @property {string[]} parameters of `node`: the script, and what it is given
 */

/**
 * As each ends, one line says how. What it printed is shown before that line, and only if it failed.
 *
 * @param {Program[]} programs
 * @param {(text: string) => void} [print]
 * @returns {Promise<string[]>} names of those that failed, in the order given
 */
export async function runSideBySide(programs, print = (text) => void process.stdout.write(text)) {
  const codes = await Promise.all(
    programs.map(async ({ name, parameters }) => {
      const beganMs = performance.now();
      const { code, output } = await runQuietly(parameters);
      const seconds = ((performance.now() - beganMs) / 1000).toFixed(0);
      if (code !== 0) print(output);
      print(`${name}: ${code === 0 ? 'passed' : 'FAILED'} after ${seconds} s\n`);
      return code;
    }),
  );
  return programs.filter((_, index) => codes[index] !== 0).map(({ name }) => name);
}

/**
 * @param {string[]} parameters
 * @returns {Promise<{ code: number, output: string }>}
 */
function runQuietly(parameters) {
  const child = spawn(process.execPath, parameters, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const stopForwarding = forwardSignals(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      stopForwarding();
      resolve({ code: code ?? 1, output });
    });
  });
}
