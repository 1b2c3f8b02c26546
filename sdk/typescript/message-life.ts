/**
 * The whole life of a message through the TypeScript SDK: node message-life.js http://127.0.0.1:8080 [key]
 *
 * The SDK is generated into ./zoogate, by: openapi-ts -i openapi.json -o zoogate -p @hey-api/typescript @hey-api/sdk
 * @hey-api/client-fetch
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { client } from './zoogate/client.gen.js';
import * as zoogate from './zoogate/index.js';

const [baseUrl = 'http://127.0.0.1:8080', key] = process.argv.slice(2);
client.setConfig({ baseUrl, auth: key, throwOnError: true });

const orders = { queue: 'orders' };
const dead = { queue: 'dead' };

await zoogate.putQueue({ path: dead, body: {}, throwOnError: true });
const created = await zoogate.putQueue({
  path: orders,
  body: { leaseSeconds: 60, maxDeliveries: 5, deadLetterQueue: 'dead' },
  throwOnError: true,
});
assert.equal(created.response.status, 201);
assert.equal(created.data.config.leaseSeconds, 60);
await zoogate.patchQueue({ path: orders, body: { maxDeliveries: null }, throwOnError: true });
step('a queue is created and changed');

const published = await zoogate.publishToQueue({
  path: orders,
  body: {
    messages: [
      { body: { order: 4711 }, attributes: { kind: 'created' }, group: 'customer-7' },
      { bodyBase64: Buffer.from([0, 255, 128]).toString('base64'), contentType: 'image/png' },
    ],
  },
  throwOnError: true,
});
assert.equal(published.data.messages.length, 2);
step('JSON and bytes are published in one request');

const [first, second] = await receive({ max: 2, waitSeconds: 5 });
assert(first !== undefined && second !== undefined);
assert.deepEqual(first.body, { order: 4711 });
assert.deepEqual(first.attributes, { kind: 'created' });
assert.deepEqual([...Buffer.from(second.bodyBase64 ?? '', 'base64')], [0, 255, 128]);
step('they are received as they were sent');

const both = [first.receipt, second.receipt];
const extended = await zoogate.extendQueueMessages({
  path: orders,
  body: { receipts: both, leaseSeconds: 120 },
  throwOnError: true,
});
assert.deepEqual(outcomes(extended.data), ['ok', 'ok']);
const nacked = await zoogate.nackQueueMessages({
  path: orders,
  body: { receipts: [first.receipt] },
  throwOnError: true,
});
assert.deepEqual(outcomes(nacked.data), ['ok']);
const [again] = await receive({ waitSeconds: 5, ack: [second.receipt] });
assert.equal(again?.id, first.id);
assert.equal(again.deliveries, 2);
step('a lease is extended, and a message given back and received again');

const rejected = await zoogate.rejectQueueMessages({
  path: orders,
  body: { receipts: [again.receipt], reason: 'unknown customer' },
  throwOnError: true,
});
assert.deepEqual(outcomes(rejected.data), ['ok']);
const peeked = await zoogate.peekQueueMessages({ path: dead, throwOnError: true });
const letter = peeked.data.messages[0]?.deadLetter;
assert.equal(letter?.reason, 'rejected');
assert.equal(letter.detail, 'unknown customer');
assert.deepEqual(letter.source, { queue: 'orders' });
const redriven = await zoogate.redriveQueue({ path: dead, body: { max: 10 }, throwOnError: true });
assert.equal(redriven.data.moved, 1);
const [revived] = await receive({ waitSeconds: 5 });
assert.equal(revived?.deliveries, 1);
step('a message goes to the dead letters, and is redriven');

const acked = await zoogate.ackQueueMessages({
  path: orders,
  body: { receipts: [revived.receipt] },
  throwOnError: true,
});
assert.deepEqual(outcomes(acked.data), ['ok']);
const stats = await zoogate.getQueue({ path: orders, throwOnError: true });
assert.equal(stats.data.stats.messages, 0);
step('it is acked, and the queue is empty');

const topic = { topic: 'events' };
const paid = { topic: 'events', subscription: 'paid' };
await zoogate.putTopic({ path: topic, body: {}, throwOnError: true });
await zoogate.putSubscription({ path: paid, body: { filter: { kind: ['paid'] } }, throwOnError: true });
await zoogate.publishToTopic({
  path: topic,
  body: {
    messages: ['created', 'paid'].map((kind) => ({
      body: `order ${kind}`,
      contentType: 'text/plain',
      attributes: { kind },
    })),
  },
  throwOnError: true,
});
const fromTopic = await zoogate.receiveFromSubscription({
  path: paid,
  body: { max: 10, waitSeconds: 5, autoAck: true },
  throwOnError: true,
});
assert.deepEqual(
  fromTopic.data?.messages.map(({ body }) => body),
  ['order paid'],
);
step('a subscription receives what its filter matches');

await zoogate.publishToQueue({ path: orders, body: { messages: [{ body: 'work' }] }, throwOnError: true });
const [work] = await receive({ waitSeconds: 5 });
assert(work !== undefined);
const transaction: zoogate.TransactionRequest = {
  transactionId: randomUUID(),
  acks: [{ queue: 'orders', receipts: [work.receipt] }],
  publishes: [{ topic: 'events', messages: [{ body: 'done', attributes: { kind: 'paid' } }] }],
};
const done = await zoogate.transact({ body: transaction, throwOnError: true });
const repeated = await zoogate.transact({ body: transaction, throwOnError: true });
assert.equal(done.data.duplicate, undefined);
assert.deepEqual(repeated.data, { ...done.data, duplicate: true });
step('an ack and a publish take effect together, once');

// JSON.parse has no 64-bit integers; as text, none of the digits is lost.
const exact = '{"id":9007199254740993}';
const security = [{ scheme: 'bearer', type: 'http' }] as const;
await client.post({
  security,
  url: '/v1/queues/{queue}/messages',
  path: orders,
  headers: { 'Content-Type': 'application/vnd.example+json' },
  body: exact,
  bodySerializer: null,
});
const asText = await client.post<string>({
  security,
  url: '/v1/queues/{queue}/messages/receive',
  path: orders,
  headers: { Accept: 'application/octet-stream' },
  query: { autoAck: true },
  parseAs: 'text',
});
assert.equal(asText.data, exact);
assert.equal(asText.response.headers.get('zoogate-deliveries'), '1');
step('a message is published and received as bytes');

const missing = await zoogate.getQueue({ path: { queue: 'nowhere' }, throwOnError: false });
assert.equal(missing.error?.code, 'not-found');
const invalid = await zoogate.putQueue({
  path: orders,
  body: { leaseSeconds: 0 },
  throwOnError: false,
});
assert.equal(invalid.response.status, 400);
assert.equal(invalid.error?.errors?.[0]?.path, 'leaseSeconds');
const lost = await zoogate.deleteQueueMessage({
  path: { ...orders, receipt: 'never-a-receipt' },
  throwOnError: false,
});
assert.equal(lost.error?.code, 'validation');
const aborted = await zoogate.transact({
  body: { acks: [{ queue: 'orders', receipts: [work.receipt] }] },
  throwOnError: false,
});
assert.equal(aborted.error?.code, 'transaction-aborted');
if (key !== undefined) {
  const refused = await zoogate.getQueue({ path: orders, auth: 'no key', throwOnError: false });
  assert.equal(refused.error?.code, 'unauthorized');
}
step('errors are problems with a code');

for (const queue of ['orders', 'dead']) await zoogate.deleteQueue({ path: { queue }, throwOnError: true });
await zoogate.deleteTopic({ path: topic, throwOnError: true });
const left = await zoogate.listQueues({ throwOnError: true });
assert.deepEqual(left.data.queues, []);
step('everything is deleted');

async function receive(body: zoogate.ReceiveRequest): Promise<zoogate.Received[]> {
  const { data } = await zoogate.receiveFromQueue({ path: orders, body, throwOnError: true });
  assert(data !== undefined);
  return data.messages;
}

function outcomes({ results }: zoogate.Outcomes): string[] {
  return results.map(({ outcome }) => outcome);
}

function step(what: string): void {
  console.log(`ok: ${what}`);
}
