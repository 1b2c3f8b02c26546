import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';
import { publishJson, send } from '../support/raw-http.ts';

let gateways: TestGateways;
let here: string;
let there: string;
beforeAll(async () => {
  gateways = await startTestGateways(2);
  [here, there = ''] = gateways.urls;
});
afterAll(() => gateways.stop());

async function receiveThere(queue: string, query = '') {
  const answer = await send(there, `${queue}/messages/receive${query}`);
  expect(answer.status).toBe(200);
  return JSON.parse(answer.text).messages;
}

describe('two gateways on one ensemble', () => {
  it('see at once what the other one answered for', async () => {
    const queue = await gateways.createQueue({ leaseSeconds: 60 });
    const read = await send(there, queue, { method: 'GET' });
    expect([read.status, JSON.parse(read.text).config.leaseSeconds]).toEqual([200, 60]);
    for (let body = 0; body < 20; body += 1) {
      await publishJson(here, queue, `{"messages":[{"body":${body}}]}`);
      expect(await receiveThere(queue)).toMatchObject([{ body }]);
    }
  });

  it('accept each other’s receipts and entity tags', async () => {
    const queue = await gateways.createQueue();
    await publishJson(here, queue, '{"messages":[{"body":1}]}');
    const [{ receipt }] = await receiveThere(queue);
    const acked = await gateways.api
      .post(`${queue}/messages/ack`)
      .send({ receipts: [receipt] })
      .expect(200);
    expect(acked.body.results[0].outcome).toBe('ok');
    const { headers } = await gateways.api.get(queue).expect(200);
    const gone = await send(there, queue, { method: 'DELETE', headers: { 'if-match': `${headers.etag}` } });
    expect(gone.status).toBe(204);
    await gateways.api.get(queue).expect(404);
  });

  it('wake a receive that waits at the other one', async () => {
    const queue = await gateways.createQueue();
    const waiting = receiveThere(queue, '?waitSeconds=20');
    await gateways.untilReceiving(1);
    await publishJson(here, queue, '{"messages":[{"body":"now"}]}');
    expect(await waiting).toMatchObject([{ body: 'now' }]);
  });

  it('give the same attempt the same messages with the same receipts', async () => {
    const queue = await gateways.createQueue();
    await publishJson(here, queue, '{"messages":[{"body":1},{"body":2}]}');
    const first = await gateways.api.post(`${queue}/messages/receive?max=2&attemptId=a`).expect(200);
    const again = await receiveThere(queue, '?max=1&attemptId=a');
    expect(again.map(({ receipt }: { receipt: string }) => receipt)).toEqual(
      first.body.messages.map(({ receipt }: { receipt: string }) => receipt),
    );
  });
});
