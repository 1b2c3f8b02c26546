/** A client that is generated from the OpenAPI document, compiled, and used. Other languages have `npm run sdk`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { typescript } from '../../sdk/languages.ts';
import { makeSdk, useSdk } from '../../sdk/workshop.ts';
import { keyFor } from '../support/credentials.ts';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';

const root = join(import.meta.dirname, '../..');

let gateways: TestGateways;
let directory: string;
beforeAll(async () => {
  gateways = await startTestGateways();
  // Within the repository, for it to find Node's types.
  directory = await mkdtemp(join(root, '.build-sdk-'));
});
afterAll(async () => {
  await gateways?.stop();
  await rm(directory, { recursive: true, force: true });
});

test('the TypeScript SDK compiles, and goes through the whole life of a message', async () => {
  const done: string[] = [];
  await makeSdk(typescript, directory, { report: (what) => done.push(what) });
  expect(done).toEqual(['generating', 'compiling']);
  const [url] = gateways.urls;
  const key = keyFor(url);
  const told = await useSdk(typescript, directory, key === undefined ? [url] : [url, key]);
  expect(told.trim().split('\n')).toEqual([
    'ok: a queue is created and changed',
    'ok: JSON and bytes are published in one request',
    'ok: they are received as they were sent',
    'ok: a lease is extended, and a message given back and received again',
    'ok: a message goes to the dead letters, and is redriven',
    'ok: it is acked, and the queue is empty',
    'ok: a subscription receives what its filter matches',
    'ok: an ack and a publish take effect together, once',
    'ok: a message is published and received as bytes',
    'ok: errors are problems with a code',
    'ok: everything is deleted',
  ]);
}, 120_000);
