/**
 * Brings a clone into a state in which it runs: the npm packages of package-lock.json, and dist built from src. Does
 * nothing when both are up to date, which is judged by content, never by the times of files (git changes those).
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { takeLock } from './lock-file.mjs';
import { becomesTrue } from './processes.mjs';

/** Directory of the clone. */
export const root = fileURLToPath(new URL('..', import.meta.url));

const buildLimitMs = 300_000;
const dist = join(root, 'dist');
const buildStamp = join(dist, '.built-from');
const buildInputs = ['src', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];

/**
 * @typedef {object} Step
 * @property {(line: string) => void} report is told what is being done
 * @property {AbortSignal} [signal] ends it early
 */

/**
 * Runs `npm ci` when a package is missing or has another version than package-lock.json says.
 *
 * @param {Step} step
 */
export async function ensurePackages({ report, signal }) {
  if (packagesAreInstalled()) return;
  report('Installing npm packages: npm ci');
  const npm = process.env.npm_execpath;
  // The build needs the development packages, also where NODE_ENV is "production".
  const options = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  await run(npm ? process.execPath : 'npm', npm ? [npm, ...options] : options, signal);
}

/**
 * Builds dist when it is missing or was built from other sources.
 *
 * @param {Step} step
 */
export async function ensureBuild({ report, signal }) {
  if (buildIsCurrent()) return;
  report('Building');
  await withBuildLock(async () => {
    if (!buildIsCurrent()) await buildOnce(signal);
  });
}

/** Builds dist from scratch. */
export async function build() {
  await withBuildLock(() => buildOnce());
}

function packagesAreInstalled() {
  const installed = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installed)) return false;
  const actual = packageVersions(installed);
  return [...packageVersions(join(root, 'package-lock.json'))].every(
    // Optional packages are those of other platforms.
    ([path, { version, optional }]) =>
      actual.get(path)?.version === version || (optional && !actual.has(path)),
  );
}

/**
 * @param {string} lockFile
 * @returns {Map<string, { version: string, optional: boolean }>}
 */
function packageVersions(lockFile) {
  /** @type {{ packages: Record<string, { version: string, optional?: boolean, devOptional?: boolean }> }} */
  const { packages } = JSON.parse(readFileSync(lockFile, 'utf8'));
  return new Map(
    Object.entries(packages)
      .filter(([path]) => path !== '')
      .map(([path, entry]) => [
        path,
        { version: entry.version, optional: entry.optional === true || entry.devOptional === true },
      ]),
  );
}

/** Whether dist is what the sources as they are would be compiled to. */
export function buildIsCurrent() {
  return existsSync(buildStamp) && readFileSync(buildStamp, 'utf8') === hashOfInputs();
}

function hashOfInputs() {
  const hash = createHash('sha256');
  for (const input of buildInputs) {
    const path = join(root, input);
    if (!existsSync(path)) continue;
    for (const file of input === 'src' ? filesBelow(path) : [path]) {
      hash
        .update(`${file.slice(root.length)}\0`)
        .update(readFileSync(file))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

/**
 * @param {string} directory
 * @returns {string[]}
 */
function filesBelow(directory) {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/**
 * Builds beside dist and changes places at the end, so that a failed build leaves the last good one.
 *
 * @param {AbortSignal} [signal]
 */
async function buildOnce(signal) {
  const hash = hashOfInputs();
  const fresh = join(root, `.build-${process.pid}`);
  const old = `${fresh}-old`;
  try {
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const options = ['-p', 'tsconfig.build.json', '--noEmitOnError', '--outDir', fresh];
    await run(process.execPath, [compiler, ...options], signal);
    mkdirSync(fresh, { recursive: true });
    writeFileSync(join(fresh, '.built-from'), hash);
    const commit = currentCommit();
    if (commit !== undefined) writeFileSync(join(fresh, '.commit'), `${commit}\n`);
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

/**
 * What the sources are of: given where they have been taken out of their repository, as for an image.
 *
 * @returns {string | undefined}
 */
function currentCommit() {
  if (process.env.COMMIT) return process.env.COMMIT;
  // In somebody else's repository it would be somebody else's commit.
  if (!existsSync(join(root, '.git'))) return undefined;
  const options = ['describe', '--always', '--dirty', '--abbrev=12', '--exclude=*'];
  const { status, stdout } = spawnSync('git', options, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** @param {() => Promise<void>} work */
async function withBuildLock(work) {
  const file = join(root, 'node_modules/.zoogate-build.lock');
  /** @type {import('./lock-file.mjs').LockAttempt | undefined} */
  let attempt;
  await becomesTrue(() => {
    attempt = takeLock(file);
    return attempt.taken;
  }, buildLimitMs);
  if (attempt?.taken !== true) throw new Error('Another build is running and does not end.');
  try {
    await work();
  } finally {
    attempt.release();
  }
}

/**
 * @param {string} program
 * @param {string[]} options
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
function run(program, options, signal) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, options, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      ...(signal && { signal }),
    });
    child.once('error', reject);
    child.once('exit', (code, by) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ${options[0]} failed (${by === null ? `exit code ${code}` : by}).`));
    });
  });
}
