/**
 * The gateway as a child process. It tells its address over the channel that connects it with this process, and
 * stops by itself when that channel breaks, so it never outlives a parent that was killed.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

/**
 * What a request needs is garbage a moment later: with more room for the new, it is collected less often, and little of
 * it is taken for old. A tenth of the processor's time with large batches, for 96 MB at the most.
 */
const gatewayOptions = ['--enable-source-maps', '--max-semi-space-size=32'];

/** Longer than the gateway's own limit for its shutdown. */
const stopLimitMs = 20_000;

/**
 * @typedef {object} GatewayChild
 * @property {string} url where it listens
 * @property {Promise<string>} ended settles when the gateway has ended, with how
 * @property {() => Promise<void>} stop
 */

/**
 * Starts the gateway and waits until it listens.
 *
 * @param {object} options
 * @param {string} options.root directory of the clone
 * @param {Record<string, string | undefined>} options.environment
 * @returns {Promise<GatewayChild>}
 */
export async function startGatewayChild({ root, environment }) {
  // A process group of its own, for the reason given in embedded-zookeeper.mjs.
  const options = [...gatewayOptions, join(root, 'dist/main.js')];
  const child = spawn(process.execPath, options, {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: environment,
  });
  let hasEnded = false;
  /** @type {Promise<string>} */
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, by) => resolve(by === null ? `exit code ${code}` : `signal ${by}`));
  }).then((how) => {
    hasEnded = true;
    return how;
  });
  const stop = async () => {
    if (hasEnded) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
    await ended;
    clearTimeout(timer);
  };
  const url = await Promise.race([
    ended.then(() => undefined),
    new Promise((resolve) => {
      child.on('message', (/** @type {{ listening?: string }} */ message) => resolve(message.listening));
    }),
  ]);
  // What was wrong has been said by the gateway itself.
  if (typeof url !== 'string') throw new Error(`The gateway did not start (${await ended}).`);
  return { url, ended, stop };
}
