/**
 * A version of this project as it was, from this repository's own history: taken out into a temporary folder, with the
 * packages of its own lock file, and built there. It is kept for the next run.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './workspace.mjs';

/** The first version. */
export const FIRST_VERSION = '4c43ca646636';

const archiveBytesMax = 512 * 1024 * 1024;

/**
 * @param {string} revision a commit or a tag
 * @param {(line: string) => void} report is told what is being done
 * @returns {{ commit: string, directory: string }} its full hash, and where it is built
 * @throws {Error} saying what is missing
 */
export function buildEarlierVersion(revision, report) {
  const commit = commitOf(revision);
  const directory = join(tmpdir(), `zoogate-${commit.slice(0, 12)}`);
  const stamp = join(directory, '.is-built');
  if (existsSync(stamp)) return { commit, directory };
  report(`Building ${revision} in ${directory}`);
  const fresh = `${directory}-${process.pid}`;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  try {
    const archive = run('git', ['archive', '--format=tar', commit], root);
    run('tar', ['-x'], fresh, archive);
    run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], fresh);
    run(process.execPath, ['scripts/build.mjs'], fresh);
    writeFileSync(join(fresh, '.is-built'), commit);
    renameSync(fresh, directory);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return { commit, directory };
}

/**
 * @param {string} revision
 * @returns {string}
 */
function commitOf(revision) {
  const options = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
  const { status, stdout } = spawnSync('git', options, { cwd: root, encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  throw new Error(
    `${revision} is not in the history of ${root}. This takes a clone with the whole history of the project: ` +
      'run "git fetch --unshallow --tags" in a shallow one, or clone anew.',
  );
}

/**
 * @param {string} program
 * @param {readonly string[]} options
 * @param {string} cwd
 * @param {Buffer} [input]
 * @returns {Buffer}
 */
function run(program, options, cwd, input) {
  // What npm tells its scripts of this clone is not for another one.
  const kept = Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_ENV$|^COMMIT$/i.test(name));
  const result = spawnSync(program, options, {
    ...{ cwd, input, maxBuffer: archiveBytesMax, env: Object.fromEntries(kept) },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  if (result.status === 0) return result.stdout;
  const said = result.error?.message ?? `${result.stdout}${result.stderr}`.trim().slice(-2_000);
  throw new Error(`${program} ${options.join(' ')} failed in ${cwd}:\n${said}`);
}
