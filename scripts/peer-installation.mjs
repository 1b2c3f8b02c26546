/** The servers that zoogate is measured beside: Debian's packages, installed only where that is possible unasked. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** Where servers lie, which is not on everybody's PATH. */
const systemDirectories = ['/usr/sbin', '/usr/local/sbin'];

/**
 * @param {string} file a program's name, or an absolute path
 * @returns {boolean} whether it is there
 */
export function isInstalled(file) {
  if (isAbsolute(file)) return canAccess(file, constants.R_OK);
  const directories = [...(process.env.PATH ?? '').split(delimiter), ...systemDirectories];
  return directories.some((directory) => canAccess(join(directory, file), constants.X_OK));
}

/**
 * Installs what is missing, where this process may. Never asks, and never calls sudo; what cannot be installed stays
 * missing.
 *
 * @param {object} options
 * @param {readonly { debianPackage: string, file: string }[]} options.needs
 * @param {(line: string) => void} options.report
 */
export function installPeers({ needs, report }) {
  const missing = needs.filter(({ file }) => !isInstalled(file)).map(({ debianPackage }) => debianPackage);
  const packages = [...new Set(missing)];
  if (packages.length === 0 || process.platform !== 'linux' || process.getuid?.() !== 0) return;
  // One by one: what one distribution does not have must not keep the others away.
  for (const name of packages) {
    const command = ['apt-get', 'install', '-y', '--no-install-recommends', name];
    report(`Installing ${name}: ${command.join(' ')}`);
    if (!run(command)) {
      run(['apt-get', 'update']);
      run(command);
    }
  }
}

/** @param {string[]} command */
function run([program = '', ...options]) {
  // They must not be started as services: their ports may be taken by others.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  return (
    spawnSync(program, ['-o', 'DPkg::Lock::Timeout=120', ...options], { stdio: 'ignore', env }).status === 0
  );
}

/**
 * @param {string} file
 * @param {number} mode
 */
function canAccess(file, mode) {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}
