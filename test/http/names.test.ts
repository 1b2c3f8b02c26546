import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';
import { send } from '../support/raw-http.ts';

let gateways: TestGateways;
let url: string;
beforeAll(async () => {
  gateways = await startTestGateways();
  url = gateways.urls[0];
});
afterAll(() => gateways.stop());

describe('names', () => {
  it.each([
    '..',
    '%2e%2e',
    '.',
    '-a',
    '_a',
    'a%2Fb',
    'a%2F..%2Fb',
    '%2F',
    'a%00',
    'a%0a',
    'a%20b',
    'a+b',
    'é',
    '%C3%A9',
    'a%ff',
    'a%',
    'a%zz',
    'x'.repeat(129),
    'a\\b',
    'a:b',
    'a;b',
    'a,b',
    '$',
    '%24',
    '',
    'zookeeper%2Fconfig',
  ])('such as %j can neither escape nor be created', async (name) => {
    const path = `/v1/queues/${name.replaceAll('é', encodeURIComponent('é'))}`;
    for (const [method, suffix] of [
      ['PUT', ''],
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/messages'],
      ['POST', '/purge'],
    ]) {
      const answer = await send(url, `${path}${suffix}`, { method: method ?? '' });
      expect([400, 404]).toContain(answer.status);
      expect(['validation', 'not-found']).toContain(JSON.parse(answer.text).code);
    }
  });

  it.each(['a', 'A.b-c_1', '0', 'x'.repeat(128), '__proto__'.slice(2), 'constructor', 'a..b'])(
    'such as %j are fine',
    async (name) => {
      expect((await send(url, `/v1/queues/${name}`, { method: 'PUT' })).status).toBe(201);
      const read = await gateways.api.get(`/v1/queues/${name}`).expect(200);
      expect(read.body.name).toBe(name);
      await gateways.api.delete(`/v1/queues/${name}`).expect(204);
    },
  );
});
