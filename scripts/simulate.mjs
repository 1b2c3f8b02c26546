/** `npm run simulate`: compiles the simulation, since runs by the thousand deserve it, and runs it. */
import { runNode } from './child.mjs';
import { ensurePackages } from './workspace.mjs';

try {
  await ensurePackages({ report: console.log });
  const tsc = ['node_modules/typescript/bin/tsc', '--project', 'test/simulation/tsconfig.json'];
  process.exitCode =
    (await runNode(tsc)) ||
    (await runNode(['.build-simulation/test/simulation/command.js', ...process.argv.slice(2)]));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
