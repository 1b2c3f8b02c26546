/** `npm run build`: compiles src to dist from scratch. */
import { exitWith } from './child.mjs';
import { build } from './workspace.mjs';

await exitWith(async () => {
  await build();
  return 0;
});
