/**
 * The embedded ZooKeeper server: one standalone server on a free loopback port, with its files in a directory of its
 * own. It answers when `startEmbeddedZooKeeper` returns, and is gone when `stop` returns. Every write is on disk
 * before it is answered (ZooKeeper's default, which is not touched), so even a kill -9 loses nothing.
 *
 *   <directory>/zoo.cfg          written at each start
 *   <directory>/zookeeper.log    output of the server; the one of the start before in zookeeper.log.1
 *   <directory>/version-2/       snapshots and transaction logs
 *
 * The caller sees to it that only one process uses the directory. A server that was orphaned by a kill -9 is found
 * by its command line, which ends with the path of its zoo.cfg, and stopped before the next one starts.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { becomesTrue, endProcess, findProcesses } from './processes.mjs';
import { zooKeeperArguments } from './zookeeper-installation.mjs';

const startLimitMs = 120_000;
const stopLimitMs = 10_000;
const host = '127.0.0.1';

/**
 * @typedef {object} EmbeddedZooKeeper
 * @property {number} port
 * @property {Promise<string>} ended settles when the server has ended, with how
 * @property {() => Promise<void>} stop
 */

/**
 * @param {object} options
 * @param {import('./zookeeper-installation.mjs').ZooKeeperInstallation} options.installation
 * @param {string} options.directory absolute
 * @param {number} [options.port] the port to use again after a restart; a free one when absent
 * @param {AbortSignal} [options.signal] ends the wait for the server's first answer
 * @returns {Promise<EmbeddedZooKeeper>}
 */
export async function startEmbeddedZooKeeper({ installation, directory, port, signal }) {
  // Between choosing a free port and the server's using it, someone else may take it.
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(installation, directory, port ?? (await freePort()), signal);
    } catch (error) {
      const taken = readLog(directory).includes('java.net.BindException');
      if (port !== undefined || !taken || attempt === 3 || signal?.aborted) throw error;
    }
  }
}

/**
 * Stops servers that an earlier start left behind in this directory.
 *
 * @param {string} directory absolute
 * @returns {Promise<number>} how many there were
 */
export async function stopOrphanedZooKeeper(directory) {
  const orphans = findProcesses(['org.apache.zookeeper.server.quorum.QuorumPeerMain', configPath(directory)]);
  for (const pid of orphans) await endProcess(pid, stopLimitMs);
  return orphans.length;
}

/**
 * @param {import('./zookeeper-installation.mjs').ZooKeeperInstallation} installation
 * @param {string} directory
 * @param {number} port
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<EmbeddedZooKeeper>}
 */
async function startOnce(installation, directory, port, signal) {
  mkdirSync(directory, { recursive: true });
  const configFile = configPath(directory);
  writeFileSync(configFile, serverConfiguration(directory, port));
  if (existsSync(logPath(directory))) renameSync(logPath(directory), `${logPath(directory)}.1`);
  const log = openSync(logPath(directory), 'a');
  // A process group of its own: Ctrl-C in a terminal reaches every process of the group at once, but the gateway has
  // to stop before the server does. The locale lets Java open paths that are not ASCII.
  const child = spawn(
    installation.java,
    zooKeeperArguments(installation, { configFile, heapMegabytes: heapMegabytes() }),
    {
      cwd: directory,
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, LC_ALL: process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8' },
    },
  );
  closeSync(log);

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

  const settled = async () => hasEnded || signal?.aborted === true || (await isServing(port));
  const inTime = await becomesTrue(settled, startLimitMs);
  if (hasEnded) {
    throw new Error(`ZooKeeper ended at its start (${await ended}).\n${lastLines(readLog(directory))}`);
  }
  if (!inTime || signal?.aborted) {
    await stop();
    throw new Error(`ZooKeeper did not answer within ${startLimitMs / 1000} s; see ${logPath(directory)}.`);
  }
  return { port, ended, stop };
}

/**
 * @param {string} directory
 * @param {number} port
 */
function serverConfiguration(directory, port) {
  return [
    '# Written by every start of the embedded server: changes to this file are lost.',
    `dataDir=${escapeProperty(directory)}`,
    `clientPort=${port}`,
    // Only this machine: the server asks nobody for a password.
    `clientPortAddress=${host}`,
    'admin.enableServer=false',
    '4lw.commands.whitelist=srvr,ruok,mntr',
    // All connections come from one address, so a limit for each address would be one for all.
    'maxClientCnxns=0',
    // The shortest session timeout is two ticks unless said otherwise, and sessions end on a tick.
    'tickTime=500',
    'minSessionTimeout=1000',
    'maxSessionTimeout=120000',
    // Counted in transactions alone, up to 100,000 large ones would gather before a snapshot: tens of gigabytes.
    'snapCount=100000',
    'snapSizeLimitInKb=262144',
    'autopurge.snapRetainCount=3',
    'autopurge.purgeInterval=1',
    '',
  ].join('\n');
}

/**
 * Java reads properties files as Latin-1 with escapes.
 *
 * @param {string} text
 */
function escapeProperty(text) {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll(/[^ -~]/gu, (character) =>
      [...Array(character.length).keys()]
        .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
        .join(''),
    );
}

/** ZooKeeper holds everything in memory: a quarter of the machine's, between 256 MiB and 4 GiB. */
export function heapMegabytes() {
  // A container's limit, when there is one; else 0 or an absurdly large number.
  const limit = process.constrainedMemory?.() || Number.POSITIVE_INFINITY;
  const quarter = Math.floor(Math.min(limit, totalmem()) / 4 / 1024 / 1024);
  return Math.min(4096, Math.max(256, quarter));
}

/**
 * Whether the server has loaded its data and serves clients (`ruok` would say yes before that).
 *
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function isServing(port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 });
    let answer = '';
    socket.setEncoding('utf8');
    socket.once('connect', () => socket.write('srvr'));
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.once('timeout', () => socket.destroy());
    socket.once('error', () => socket.destroy());
    socket.once('close', () => resolve(answer.includes('Mode: standalone')));
  });
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === 'object'
          ? resolve(address.port)
          : reject(new Error('No free port was found.')),
      );
    });
  });
}

/** @param {string} directory */
function configPath(directory) {
  return join(directory, 'zoo.cfg');
}

/** @param {string} directory */
function logPath(directory) {
  return join(directory, 'zookeeper.log');
}

/** @param {string} directory */
function readLog(directory) {
  return existsSync(logPath(directory)) ? readFileSync(logPath(directory), 'utf8') : '';
}

/** @param {string} log */
function lastLines(log) {
  return log.trimEnd().split('\n').slice(-10).join('\n');
}
