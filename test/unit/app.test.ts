import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildApp } from '../../src/app.ts';
import type { Broker } from '../../src/queue/index.ts';

test('the application tells its OpenAPI document to plugins and to whoever embeds it', async () => {
  // Describing the operations calls none of them.
  const app = buildApp({ broker: {} as Broker });
  await app.ready();
  expect(app.swagger()).toEqual(JSON.parse(readFileSync('openapi/openapi.json', 'utf8')));
  await app.close();
});
