/**
 * `npm run chart`: has Helm check the chart and render it, and judges what comes of it. Helm is the one at $HELM, on the
 * PATH, or built by Go, which takes some minutes the first time.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runNode } from './child.mjs';
import { ensurePackages, root } from './workspace.mjs';

const module = 'helm.sh/helm/v3/cmd/helm@v3.22.0';
const bin = join(root, 'node_modules/.cache/zoogate-helm');

try {
  await ensurePackages({ report: console.log });
  process.env.HELM = findHelm();
  process.exitCode = await runNode([
    'node_modules/vitest/vitest.mjs',
    'run',
    'test/unit/deploy/helm.test.ts',
  ]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

function findHelm() {
  const known = [process.env.HELM, 'helm', join(bin, 'helm')].filter((each) => each !== undefined);
  const found = known.find((program) => spawnSync(program, ['version']).status === 0);
  if (found !== undefined) return found;
  console.log(`Building Helm: go install ${module}`);
  const env = { ...process.env, GOBIN: bin };
  spawnSync('go', ['install', module], { env, stdio: ['ignore', 'inherit', 'inherit'] });
  if (!existsSync(join(bin, 'helm')))
    throw new Error('Helm is not there, and Go could not build it. Set HELM.');
  return join(bin, 'helm');
}
