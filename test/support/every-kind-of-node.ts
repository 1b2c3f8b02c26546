/**
 * Uses a broker so that every kind of node of the tree is there in the end: for tests that look at the tree as a whole.
 * Every body, attribute and name of a group holds the same word.
 */

/** A word that is nowhere else. */
export const SECRET = 'xylograph';

/** Kinds of nodes, as patterns of their paths below the chroot. */
export const nodeKinds: readonly RegExp[] = [
  /^\/layout$/,
  /^\/clock$/,
  /^\/topics\/orders$/,
  /^\/data\/[^/]+\/log\/\d\/\d+$/,
  /^\/data\/[^/]+\/log\/\d\/\d+\/[^/]+-\d+$/,
  /^\/data\/[^/]+\/subscriptions\/audit$/,
  /^\/data\/[^/]+\/cursors\/[^/]+\/\d-\d+$/,
  /^\/data\/[^/]+\/cursors\/[^/]+\/attempts-\d+$/,
  /^\/data\/[^/]+\/cursors\/[^/]+\/order$/,
  /^\/data\/[^/]+\/scheduled\/\d+\/\d+\/\d+\/[^/]+$/,
  /^\/data\/[^/]+\/admission$/,
  /^\/data\/[^/]+\/dedup\/[^/]+\/[^/]+\/[^/]+$/,
  /^\/data\/[^/]+\/sources\/[^/]+$/,
  /^\/transactions\/[^/]+\/[^/]+\/[^/]+$/,
  /^\/trash$/,
];

export async function makeEveryKindOfNode(url: string): Promise<void> {
  const ask = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${url}/v1${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (answer.status === 204 ? undefined : await answer.json()) as { messages: { receipt: string }[] };
  };
  const message = (more: object = {}) => ({ body: SECRET, attributes: { kind: SECRET }, ...more });
  await ask('PUT', '/queues/dead');
  await ask('PUT', '/queues/orders', {
    deadLetterQueue: 'dead',
    maxDeliveries: 3,
    priorities: 2,
    ordering: 'group',
  });
  await ask('PUT', '/queues/small', { maxMessages: 2 });
  await ask('PUT', '/topics/events');
  await ask('PUT', '/topics/events/subscriptions/audit', { filter: { kind: [SECRET] } });
  const messages = [
    ...[message({ group: SECRET }), message({ priority: 1, group: SECRET }), message({ delaySeconds: 3600 })],
    ...[message({ dedupId: SECRET }), message()],
  ];
  await ask('POST', '/queues/orders/messages', { messages });
  await ask('POST', '/queues/small/messages', { messages: [message()] });
  await ask('POST', '/topics/events/messages', { messages: [message()] });
  await ask('POST', '/topics/events/subscriptions/audit/messages/receive', {});
  await ask('POST', '/queues/orders/messages/receive', { attemptId: SECRET });
  const [rejected, acked] = (await ask('POST', '/queues/orders/messages/receive', { max: 2 })).messages;
  await ask('POST', '/queues/orders/messages/reject', { receipts: [rejected?.receipt], reason: SECRET });
  await ask('POST', '/transactions', {
    transactionId: SECRET,
    acks: [{ queue: 'orders', receipts: [acked?.receipt] }],
    publishes: [{ queue: 'dead', messages: [message()] }],
  });
}
