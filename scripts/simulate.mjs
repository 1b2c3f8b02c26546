/** `npm run simulate`: compiles the simulation, since runs by the thousand deserve it, and runs it. */
import { exitWith, runNode } from './child.mjs';
import { prepare } from './prepare.mjs';

await exitWith(async () => {
  await prepare();
  const tsc = ['node_modules/typescript/bin/tsc', '--project', 'test/simulation/tsconfig.json'];
  return (
    (await runNode(tsc)) ||
    (await runNode(['.build-simulation/test/simulation/command.js', ...process.argv.slice(2)]))
  );
});
