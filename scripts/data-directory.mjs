/**
 * The right to use a data directory, which one `npm start` has at a time. What an earlier one left behind because it
 * was killed stands in nobody's way: its lock counts as free, and its server is stopped.
 */
import { realpathSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { stopOrphanedZooKeeper } from './embedded-zookeeper.mjs';
import { isRunning, takeLock } from './lock-file.mjs';
import { endProcess } from './processes.mjs';

/** Time for an earlier `npm start` to stop its gateway and its server. */
const patienceMs = 40_000;

/**
 * @typedef {object} DataDirectory
 * @property {string} path absolute
 * @property {string} zooKeeperPath where the embedded server keeps its files
 * @property {boolean} wasAbandoned an earlier start was killed, and some of it may still be stopping
 * @property {() => void} release
 */

/**
 * @param {object} options
 * @param {string} options.directory
 * @param {number | undefined} options.launcherPid the process without which this one is not wanted any more
 * @param {(line: string) => void} options.report
 * @returns {Promise<DataDirectory>}
 */
export async function openDataDirectory({ directory, launcherPid, report }) {
  await mkdir(directory, { recursive: true });
  // One path for one directory: the server is recognised by it.
  const path = realpathSync(directory);
  const zooKeeperPath = join(path, 'zookeeper');
  const lockFile = join(path, 'zoogate.lock');
  const options = launcherPid === undefined ? {} : { launcherPid };

  let wasAbandoned = false;
  let lock = takeLock(lockFile, options);
  if (!lock.taken && lock.holder.launcher !== undefined && !isRunning(lock.holder.launcher)) {
    // Its npm was killed, and it is about to notice.
    report(`Waiting for an earlier start (process ${lock.holder.pid}) to stop.`);
    await endProcess(lock.holder.pid, patienceMs);
    wasAbandoned = true;
    lock = takeLock(lockFile, options);
  }
  if (!lock.taken) {
    throw new Error(
      `The data directory ${path} is in use by another zoogate (process ${lock.holder.pid}). ` +
        'Stop that one, or set ZOOGATE_DATA_DIR to another directory.',
    );
  }
  const { release } = lock;
  if ((await stopOrphanedZooKeeper(zooKeeperPath)) > 0) {
    report('Stopped the ZooKeeper server of an earlier start that was killed.');
    wasAbandoned = true;
  }
  return { path, zooKeeperPath, wasAbandoned, release };
}
