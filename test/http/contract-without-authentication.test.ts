/**
 * The tests of this directory run at gateways that ask for a key. Here is a share of the contract again, at gateways that
 * ask for nothing, as `npm start` makes them: nothing is different. All of it runs so with
 * `TEST_ACCESS=none npm test -- test/http`.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';
import { send } from '../support/raw-http.ts';

process.env.TEST_ACCESS = 'none';

// Each has gateways of its own, which are started when its turn comes.
const share = ['ground-rules', 'subscriptions', 'transactions', 'redrive', 'stream'];
describe.each(share)('without authentication, %s:', async (name) => {
  await import(`./contract/${name}.test.ts`);
});

describe.each([
  ['key', 401],
  ['none', 200],
])('with TEST_ACCESS=%s, a request without credentials', (mode, expected) => {
  let gateways: TestGateways;
  beforeAll(async () => {
    process.env.TEST_ACCESS = mode;
    gateways = await startTestGateways();
  });
  afterAll(() => gateways.stop());

  it(`is answered with ${expected}`, async () => {
    const queue = await gateways.createQueue();
    await gateways.api.get(queue).expect(200);
    const answer = await send(gateways.urls[0], queue, { method: 'GET', headers: { authorization: '' } });
    expect(answer.status).toBe(expected);
  });
});
