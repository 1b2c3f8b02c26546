/** Installs and builds what a program of this clone needs, and says what it is doing. Does nothing where all is there. */
import { installNginx } from './nginx-installation.mjs';
import { installPeers } from './peer-installation.mjs';
import { ensureBuild, ensurePackages } from './workspace.mjs';
import { installZooKeeper } from './zookeeper-installation.mjs';

const report = console.log;

const steps = {
  build: () => ensureBuild({ report }),
  zookeeper: () => installZooKeeper({ report }),
  nginx: () => installNginx({ report }),
  jdk: () => installPeers({ needs: [{ debianPackage: 'default-jdk-headless', file: 'jcmd' }], report }),
};

/**
 * The npm packages, and whatever else is named.
 *
 * @param {(keyof typeof steps)[]} needs
 * @throws {Error} saying what cannot be installed, and what to do
 */
export async function prepare(...needs) {
  await ensurePackages({ report });
  for (const need of needs) await steps[need]();
}

/**
 * Installs it if that is possible; else says why it is not.
 *
 * @param {keyof typeof steps} wish
 */
export async function prepareIfPossible(wish) {
  try {
    await steps[wish]();
  } catch (error) {
    report(error instanceof Error ? error.message : error);
  }
}
