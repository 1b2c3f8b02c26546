/** `npm run key`: makes an API key and prints it, for the only time, with the hash that is configured. */
import { randomBytes } from 'node:crypto';
import { ensureBuild, ensurePackages } from './workspace.mjs';

try {
  const progress = { report: console.error };
  await ensurePackages(progress);
  await ensureBuild(progress);
  /** @type {typeof import('../src/access/api-key.ts')} */
  const { makeApiKey } = await import(new URL('../dist/access/api-key.js', import.meta.url).href);
  const { key, hash } = makeApiKey(randomBytes);
  console.log(`Key, for its owner (it is kept nowhere): ${key}
Hash, for ZOOGATE_API_KEY_HASH or keyHashes:  ${hash}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
