/**
 * A share of the tests of the contract again, at gateways that ask for a key: with it, nothing is different. All of
 * them run so with `TEST_ACCESS=key npm test -- test/http/contract/`.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';
import { send } from '../support/raw-http.ts';

process.env.TEST_ACCESS = 'key';

// Each has gateways of its own, which are started when its turn comes.
const share = ['ground-rules', 'subscriptions', 'transactions', 'redrive', 'stream'];
describe.each(share)('with a key, %s:', async (name) => {
  await import(`./contract/${name}.test.ts`);
});

describe('without the key, such a gateway', () => {
  let gateways: TestGateways;
  beforeAll(async () => {
    gateways = await startTestGateways();
  });
  afterAll(() => gateways.stop());

  it('answers 401 to what is answered with it', async () => {
    const queue = await gateways.createQueue();
    await gateways.api.get(queue).expect(200);
    const answer = await send(gateways.urls[0], queue, { method: 'GET', headers: { authorization: '' } });
    expect(answer.status).toBe(401);
  });
});
