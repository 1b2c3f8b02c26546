/**
 * Uses a gateway of any version in every way that leaves something in the tree, and asks it what it says of that: for
 * fixtures of what each version has written.
 */
import { makeEveryKindOfNode } from './every-kind-of-node.ts';

export interface Message {
  readonly id: string;
  readonly receipt?: string;
}

/** What a version said. Answers are kept as they came: a later version may add members, and take none away. */
export interface Said {
  /** By path below /v1: queues, topics, subscriptions. */
  readonly resources: Readonly<Record<string, { readonly stats: object; readonly config: object }>>;
  /** Messages, by the path of their queue or subscription. */
  readonly messages: Readonly<Record<string, readonly Message[]>>;
  /** A lease of twelve hours, received under an attemptId. */
  readonly held: { readonly receipt: string; readonly id: string };
  /** The id that a dedupId stands for. */
  readonly deduplicated: string;
  /** The answer to a transaction with a transactionId. */
  readonly transaction: object;
}

export const ATTEMPT = 'attempt-held';
export const DEDUPLICATED = { body: 'once', dedupId: 'dedup-once' };
export const TRANSACTION = {
  transactionId: 'transaction-once',
  publishes: [{ queue: 'plain', messages: [{ body: 'by transaction' }] }],
};
/** Lease of what is held, in seconds. */
export const HELD_SECONDS = 43_200;
/** After which every delay is over, in seconds; those of the leases that nobody ends as well. */
export const DELAYED_SECONDS = 3_700;

/** More than three segments hold, whichever version counts. */
const ROLLED_ENTRIES = 450;
/** Of their messages. */
const LEFT = 20;

type Ask = <Answer>(method: string, path: string, body?: object) => Promise<Answer>;

/** Asks the native API. @throws Error for an answer that is no success */
export const asker =
  (url: string): Ask =>
  async <Answer>(method: string, path: string, body?: object) => {
    const json = { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const answer = await fetch(`${url}/v1${path}`, { method, ...(body === undefined ? {} : json) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as Answer;
  };

type Messages = { readonly messages: readonly Required<Message>[] };

/** @param rest returns when the gateway has nothing more to do */
export async function useInEveryWay(url: string, rest: () => Promise<void>): Promise<Said> {
  await makeEveryKindOfNode(url);
  const ask = asker(url);
  const publish = (path: string, ...messages: (string | object)[]) =>
    ask<Messages>('POST', `${path}/messages`, {
      messages: messages.map((message) => (typeof message === 'string' ? { body: message } : message)),
    });
  const receive = async (path: string, request: object = {}) =>
    (await ask<Messages>('POST', `${path}/messages/receive`, request)).messages;

  // With every option that there is.
  await ask('PUT', '/queues/options', {
    ...{ leaseSeconds: 60, maxDeliveries: 2, deadLetterQueue: 'dead', ordering: 'strict', delaySeconds: 0.5 },
    ...{ messageTtlSeconds: 315_360_000, maxMessages: 1_000, maxBytes: 1_000_000, priorities: 3 },
    dedupWindowSeconds: 86_400,
  });
  await publish('/queues/options', { body: 'low', priority: 2 }, { body: 'high', priority: 0 }, 'middle');
  await ask('PUT', '/queues/plain', { dedupWindowSeconds: 86_400 });
  const [deduplicated] = (await publish('/queues/plain', DEDUPLICATED)).messages;
  const transaction = await ask<object>('POST', '/transactions', TRANSACTION);
  await publish(
    '/queues/plain',
    { body: { is: 'json' }, attributes: { kind: 'json' } },
    { bodyBase64: '//4AAQ==' },
  );
  await publish('/queues/plain', { body: 'later', delaySeconds: 3_600 }, { body: 'group', group: 'g' });
  await ask('PUT', '/queues/held');
  await publish('/queues/held', 'held', 'nacked', 'free');
  const [held] = await receive('/queues/held', { attemptId: ATTEMPT, leaseSeconds: HELD_SECONDS });
  const [nacked] = await receive('/queues/held');
  await ask('POST', '/queues/held/messages/nack', { receipts: [nacked?.receipt], delaySeconds: 3_600 });
  await ask('PUT', '/queues/purged');
  await publish('/queues/purged', 'gone', { body: 'gone too', delaySeconds: 60 });
  await ask('POST', '/queues/purged/purge');
  await publish('/queues/purged', 'after the purge');
  await ask('PUT', '/topics/news', { retentionSeconds: 315_360_000, priorities: 2 });
  await publish(
    '/topics/news',
    'one',
    { body: 'two', attributes: { kind: 'b' } },
    { body: 'three', priority: 1 },
  );
  await ask('PUT', '/topics/news/subscriptions/sought', { startFrom: 'earliest' });
  await receive('/topics/news/subscriptions/sought', { max: 2, autoAck: true });
  await ask('POST', '/topics/news/subscriptions/sought/seek', { to: 'earliest' });
  await ask('PUT', '/topics/news/subscriptions/purged');
  await publish('/topics/news', 'four', { body: 'five', delaySeconds: 3_600 });
  await ask('POST', '/topics/news/subscriptions/purged/purge');
  await publish('/topics/news', 'six');
  await ask('PUT', '/topics/news/subscriptions/gone');
  await ask('DELETE', '/topics/news/subscriptions/gone');
  await ask('PUT', '/queues/deleted');
  await ask('DELETE', '/queues/deleted');

  // Several segments, of which those in the middle can be trimmed: the first message stays.
  await ask('PUT', '/queues/rolled');
  await publish('/queues/rolled', 'stays');
  for (let entry = 0; entry < ROLLED_ENTRIES; entry += 1) await publish('/queues/rolled', 'x', 'x', 'x');
  const [stays] = await receive('/queues/rolled');
  for (let left = 3 * ROLLED_ENTRIES - LEFT; left > 0; ) {
    left -= (await receive('/queues/rolled', { max: Math.min(left, 100), autoAck: true })).length;
    await rest();
  }
  await ask('POST', '/queues/rolled/messages/nack', { receipts: [stays?.receipt] });
  await rest();
  if (held === undefined || deduplicated === undefined) throw new Error('nothing was received');
  const kept = { held: { receipt: held.receipt, id: held.id }, deduplicated: deduplicated.id, transaction };
  return { ...(await look(url)), ...kept };
}

/** What the API says of all that there is. */
export async function look(url: string): Promise<Pick<Said, 'resources' | 'messages'>> {
  const ask = asker(url);
  const names = async (path: string, member: string) => {
    const answer = await ask<Record<string, { name: string }[]>>('GET', `${path}?limit=100`);
    return (answer[member] ?? Object.values(answer)[0] ?? []).map(({ name }) => name);
  };
  const topics = (await names('/topics', 'topics')).map((name) => `/topics/${name}`);
  const sources = (await names('/queues', 'queues')).map((name) => `/queues/${name}`);
  for (const topic of topics) {
    const subscriptions = await names(`${topic}/subscriptions`, 'subscriptions');
    sources.push(...subscriptions.map((name) => `${topic}/subscriptions/${name}`));
  }
  const resources: Record<string, { stats: object; config: object }> = {};
  const messages: Record<string, readonly Message[]> = {};
  for (const path of [...sources, ...topics].sort()) {
    const { stats, config } = await ask<{ stats: object; config: object }>('GET', path);
    resources[path] = { stats: withoutAge(stats), config };
    messages[path] = (await ask<Messages>('GET', `${path}/messages?limit=1000`)).messages;
  }
  return { resources, messages };
}

/** Every message of a queue or subscription, acked as it is received. */
export async function takeAll(url: string, path: string): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const request = { max: 1_000, autoAck: true };
    const { messages } = await asker(url)<Messages>('POST', `${path}/messages/receive`, request);
    if (messages.length === 0) return ids;
    ids.push(...messages.map(({ id }) => id));
  }
}

/** It grows while one looks. */
function withoutAge(stats: object): object {
  return Object.fromEntries(Object.entries(stats).filter(([name]) => name !== 'oldestMessageAgeSeconds'));
}
