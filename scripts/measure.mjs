/** `npm run sizing` and `npm run backlog`: runs the program that is named first, with the arguments behind it. */
import { exitWith, runNode } from './child.mjs';
import { prepare } from './prepare.mjs';

await exitWith(async () => {
  await prepare('build', 'zookeeper', 'jdk');
  return runNode(['--import', 'tsx', ...process.argv.slice(2)]);
});
