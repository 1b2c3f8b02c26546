/** Other processes of this machine: whether they still run, which program they are, and how to end them. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A text that no other process has had since the machine was started, or undefined when there is no such process.
 * (A process id alone is reused, so it does not tell whether the one that wrote it down is still there.)
 *
 * @param {number} pid
 * @returns {string | undefined}
 */
export function processIdentity(pid) {
  if (process.platform !== 'linux') return ps(['-o', 'lstart=', '-p', String(pid)]) || undefined;
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The fields after the program's name, which may itself contain spaces and parentheses: state is the first of
  // them, the start time in clock ticks since boot the twentieth.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return `${readText('/proc/sys/kernel/random/boot_id')?.trim()} ${fields[19]}`;
}

/**
 * Ids of the running processes that have all these texts among the arguments of their command line.
 *
 * @param {string[]} wanted
 * @returns {number[]}
 */
export function findProcesses(wanted) {
  if (process.platform !== 'linux') {
    return ps(['-axww', '-o', 'pid=,command='])
      .split('\n')
      .filter((line) => wanted.every((text) => line.includes(text)))
      .map((line) => Number.parseInt(line, 10));
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      const commandLine = readText(`/proc/${name}/cmdline`)?.split('\0') ?? [];
      return wanted.every((text) => commandLine.includes(text));
    })
    .map(Number);
}

/**
 * Asks the process to end (SIGTERM), and ends it (SIGKILL) when it has not done so in time. Returns once it is gone.
 *
 * @param {number} pid
 * @param {number} patienceMs
 */
export async function endProcess(pid, patienceMs) {
  const identity = processIdentity(pid);
  if (identity === undefined) return;
  const isGone = () => processIdentity(pid) !== identity;
  signal(pid, 'SIGTERM');
  if (await becomesTrue(isGone, patienceMs)) return;
  signal(pid, 'SIGKILL');
  if (await becomesTrue(isGone, patienceMs)) return;
  throw new Error(`The process ${pid} does not end, not even by SIGKILL.`);
}

/**
 * @param {() => boolean | Promise<boolean>} condition
 * @param {number} limitMs
 * @returns {Promise<boolean>} whether it became true in time
 */
export async function becomesTrue(condition, limitMs) {
  const endMs = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > endMs) return false;
    await sleep(50);
  }
  return true;
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} name
 */
function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

/** @param {string} file */
function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** @param {string[]} options */
function ps(options) {
  try {
    return execFileSync('ps', options, {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 64 * 1024 * 1024,
    }).trim();
  } catch {
    return '';
  }
}
