/**
 * A lock that one process of this machine holds at a time, as a file that names its holder. It needs no tidying up
 * after a crash: a holder that is gone holds nothing.
 *
 *   take:   write a file of our own, link it to the lock's name (fails when that exists, and is never half written)
 *   taken:  the holder still runs            -> it is named
 *           the holder is gone               -> move the lock away, and take again
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { processIdentity } from './processes.mjs';

/**
 * @typedef {object} ProcessReference
 * @property {number} pid
 * @property {string} identity
 */

/** @typedef {ProcessReference & { launcher?: ProcessReference }} LockHolder */

/** @typedef {{ taken: true, release: () => void } | { taken: false, holder: LockHolder }} LockAttempt */

/**
 * @param {string} file
 * @param {{ launcherPid?: number }} [options] the process without which this one is not wanted any more
 * @returns {LockAttempt}
 */
export function takeLock(file, { launcherPid } = {}) {
  mkdirSync(dirname(file), { recursive: true });
  const launcher = launcherPid === undefined ? undefined : refer(launcherPid);
  const content = JSON.stringify({ ...refer(process.pid), ...(launcher && { launcher }) });
  const own = `${file}.${process.pid}`;
  writeFileSync(own, content);
  try {
    for (;;) {
      if (link(own, file)) return { taken: true, release: () => release(file, content) };
      const found = read(file);
      if (found === undefined) continue;
      const holder = parseHolder(found);
      if (holder !== undefined && isRunning(holder)) return { taken: false, holder };
      discard(file, found);
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/** @param {ProcessReference} reference */
export function isRunning(reference) {
  return processIdentity(reference.pid) === reference.identity;
}

/**
 * @param {number} pid
 * @returns {ProcessReference}
 */
function refer(pid) {
  return { pid, identity: processIdentity(pid) ?? '' };
}

/**
 * Removes the lock of a holder that is gone. Between judging it and moving it away, another process may have done
 * the same and taken the lock: then what was moved away is that new lock, and it is put back.
 *
 * @param {string} file
 * @param {string} judged
 */
function discard(file, judged) {
  const moved = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, moved);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  if (read(moved) !== judged) link(moved, file);
  rmSync(moved, { force: true });
}

/**
 * @param {string} file
 * @param {string} content
 */
function release(file, content) {
  if (read(file) === content) rmSync(file, { force: true });
}

/**
 * @param {string} from
 * @param {string} to
 * @returns {boolean} false when there is such a file already
 */
function link(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * @param {string} content
 * @returns {LockHolder | undefined}
 */
function parseHolder(content) {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

/**
 * @param {unknown} error
 * @param {string} code
 */
function hasCode(error, code) {
  return error instanceof Error && 'code' in error && error.code === code;
}
