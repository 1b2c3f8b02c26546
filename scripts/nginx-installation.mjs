/** Finds nginx on this machine, and installs the system's own package when there is none and this process may. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const debianPackage = 'nginx-light';
/** Where it lies for root, which is not on everybody's PATH. */
const systemDirectories = ['/usr/sbin', '/usr/local/sbin'];

/** @returns {string | undefined} the program's path */
export function findNginx() {
  const directories = [...(process.env.PATH ?? '').split(delimiter), ...systemDirectories];
  return directories.map((directory) => join(directory, 'nginx')).find(isExecutable);
}

/**
 * As `findNginx`, after installing the package when it is missing. Never asks, and never calls sudo.
 *
 * @param {{ report: (line: string) => void }} options
 * @returns {string}
 * @throws {Error} naming the command to run, when it is missing and cannot be installed
 */
export function installNginx({ report }) {
  const found = findNginx();
  if (found !== undefined) return found;
  const command = ['apt-get', 'install', '-y', '--no-install-recommends', debianPackage];
  if (process.platform === 'linux' && process.getuid?.() === 0) {
    report(`Installing nginx: ${command.join(' ')}`);
    // Package lists may be missing, or too old to be followed.
    if (!run(command)) {
      run(['apt-get', 'update']);
      run(command);
    }
  }
  const installed = findNginx();
  if (installed !== undefined) return installed;
  throw new Error(`nginx was not found. Install it, on Debian and Ubuntu by: sudo ${command.join(' ')}`);
}

/** @param {string[]} command */
function run([program = '', ...options]) {
  // It must not be started as a service: ports are taken by those who need it.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  return (
    spawnSync(program, ['-o', 'DPkg::Lock::Timeout=120', ...options], { stdio: 'ignore', env }).status === 0
  );
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
