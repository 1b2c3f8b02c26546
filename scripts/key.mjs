/** `npm run key`: builds what is missing and runs src/key.ts, which makes an API key. */
import { ensureBuild, ensurePackages } from './workspace.mjs';

try {
  // Standard output is for the key alone.
  const progress = { report: console.error };
  await ensurePackages(progress);
  await ensureBuild(progress);
  await import(new URL('../dist/key.js', import.meta.url).href);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
