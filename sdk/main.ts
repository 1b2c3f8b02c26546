/**
 * `npm run sdk`: generates clients from the OpenAPI document, compiles them, and has each of them go through the life of
 * a message at a live gateway. Ends with 0 when all of those that were asked for did.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeApiKey } from '../src/access/api-key.ts';
import { GatewayProcess } from '../test/support/gateway-process.ts';
import { startZooKeeper } from '../test/support/zookeeper-server.ts';
import { type Language, languages } from './languages.ts';
import { makeSdk, requireTools, ToolMissing, useSdk } from './workshop.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const usage = `npm run sdk -- [${languages.map(({ name }) => name).join('] [')}]`;

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());

try {
  const failed = await runAll(chosen(process.argv.slice(2)));
  if (failed.length > 0) console.log(`\nNot done: ${failed.join(', ')}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** @throws Error saying what there is to choose from */
function chosen(names: readonly string[]): readonly Language[] {
  const unknown = names.filter((name) => !languages.some((language) => language.name === name));
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}\n\n${usage}`);
  return names.length === 0 ? languages : languages.filter(({ name }) => names.includes(name));
}

/** @returns the names of those that failed */
async function runAll(all: readonly Language[]): Promise<string[]> {
  const server = await startZooKeeper();
  const failed: string[] = [];
  try {
    for (const language of all) {
      try {
        await runOne(language, `${server.address}/sdk-${language.name}`);
      } catch (error) {
        if (stopping.signal.aborted) throw error;
        const reason = error instanceof Error ? error.message : error;
        console.log(`${language.name}: ${error instanceof ToolMissing ? 'cannot run here: ' : ''}${reason}`);
        failed.push(language.name);
      }
    }
  } finally {
    await server.stop();
  }
  return failed;
}

async function runOne(language: Language, zooKeeper: string): Promise<void> {
  const { name } = language;
  const { signal } = stopping;
  const report = (what: string): void => console.log(`${name}: ${what}`);
  await requireTools(language);
  const directory = join(root, '.build-sdk', name);
  await makeSdk(language, directory, { report, signal });
  const { key, hash } = makeApiKey(randomBytes);
  const gateway = await GatewayProcess.start({ zooKeeper, variables: { ZOOGATE_API_KEY_HASH: hash } });
  try {
    const told = await useSdk(language, directory, [gateway.url, key], signal);
    for (const line of told.trim().split('\n')) report(line);
  } finally {
    await gateway.stop();
  }
}
