/** `npm run build`: compiles src to dist from scratch. */
import { build } from './workspace.mjs';

try {
  await build();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
