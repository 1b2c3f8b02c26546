/**
 * Runs around `npm pack` and `npm publish`. Before: builds dist, and writes npm-shrinkwrap.json, which npm obeys where the
 * package is installed: users get the very packages that the tests ran with. After (`remove`): takes it away again.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuild, root } from './workspace.mjs';

const file = join(root, 'npm-shrinkwrap.json');

try {
  if (process.argv[2] === 'remove') {
    rmSync(file, { force: true });
  } else {
    // Standard output belongs to npm, which may be asked for JSON.
    await ensureBuild({ report: console.error });
    writeFileSync(file, `${JSON.stringify(productionLock(), null, 2)}\n`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** package-lock.json without what only development needs. */
function productionLock() {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  /** @type {[string, { dev?: boolean, devDependencies?: object }][]} */
  const packages = Object.entries(lock.packages);
  delete lock.packages[''].devDependencies;
  return { ...lock, packages: Object.fromEntries(packages.filter(([, entry]) => entry.dev !== true)) };
}
