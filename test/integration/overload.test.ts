/**
 * Far more load than a gateway can take: memory stays bounded, everyone is answered in a way that the contract knows,
 * nothing that was confirmed is lost, and right afterwards it is as if nothing had been.
 *
 * FULL_OVERLOAD=1 goes on for a minute instead of ten seconds.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import { answerOf, QueueClient } from '../support/queue-client.ts';
import { type RawAnswer, send } from '../support/raw-http.ts';
import { openPolls, RawPoll, residentBytes } from '../support/raw-polls.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper, type ZooKeeperServer } from '../support/zookeeper-server.ts';

const { FULL_OVERLOAD = '' } = process.env;
const loadMs = FULL_OVERLOAD === '' ? 10_000 : 60_000;
/** Sent whether or not earlier ones were answered: about ten times what two cores store in a second. */
const publishesPerTick = 30;
const tickMs = 20;
const bodyBytes = 200_000;
const waiters = 400;
/**
 * Of the whole process. The limits below allow for 16 MiB of bodies, 8 MiB of queued messages and 16 MiB of answers;
 * the cache takes 128 MiB, the program itself some 150 MiB, and what is free but not yet collected the rest.
 */
const residentBytesMax = 700 * 1024 * 1024;

const variables = {
  ZOOGATE_LOG_LEVEL: 'error',
  ZOOGATE_MAX_REQUESTS: '1500',
  ZOOGATE_MAX_WAITING_RECEIVES: '1000',
  ZOOGATE_MAX_REQUEST_BYTES: String(16 * 1024 * 1024),
  ZOOGATE_MAX_QUEUED_BYTES: String(8 * 1024 * 1024),
  ZOOGATE_MAX_ANSWER_BYTES: String(16 * 1024 * 1024),
  ZOOGATE_MAX_DATA_BYTES: String(32 * 1024 * 1024),
};

let server: ZooKeeperServer;
let gateway: GatewayProcess | undefined;
beforeAll(async () => {
  // It keeps the last 500 transactions, at three times their size.
  server = await startZooKeeper([], 1024);
});
afterAll(() => server.stop());
afterEach(async () => {
  await gateway?.kill();
});

interface Tally {
  readonly statuses: Map<number, number>;
  readonly stored: Set<string>;
  readonly received: Set<string>;
  readonly wrong: string[];
}

/** Takes note of an answer, and of whether it is one of the contract. */
function note(tally: Tally, { status, headers, text }: RawAnswer): void {
  tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);
  if ([429, 503, 507].includes(status)) {
    if (!(Number(headers['retry-after']) > 0)) tally.wrong.push(`${status} without Retry-After`);
    return;
  }
  if (status === 201) {
    for (const { id } of (JSON.parse(text) as { messages: { id: string }[] }).messages) tally.stored.add(id);
  } else if (status !== 200 && status !== 504) tally.wrong.push(`${status} ${text.slice(0, 200)}`);
}

test(`${loadMs / 1000} seconds of ten times what it can take harm neither a gateway nor what it has confirmed`, {
  timeout: loadMs + 180_000,
}, async () => {
  const started = await GatewayProcess.start({ zooKeeper: `${server.address}/overload`, variables });
  gateway = started;
  const queue = new QueueClient(started.url, 'loaded');
  const idle = new QueueClient(started.url, 'idle');
  await queue.create({ leaseSeconds: 300 });
  await idle.create();
  const tally: Tally = { statuses: new Map(), stored: new Set(), received: new Set(), wrong: [] };
  const body = Buffer.alloc(bodyBytes, 'x');
  let unanswered = 0;
  /** Connections that ended without an answer, by the error. */
  const broken = new Map<string, number>();
  let sent = 0;
  const publish = async () => {
    unanswered += 1;
    sent += 1;
    try {
      note(
        tally,
        await send(started.url, `${queue.path}/messages`, {
          body,
          headers: { 'content-type': 'text/plain' },
        }),
      );
    } catch (error) {
      const { message } = error as Error;
      broken.set(message, (broken.get(message) ?? 0) + 1);
    } finally {
      unanswered -= 1;
    }
  };
  /** A consumer that takes away what it can, as fast as it is given. */
  const consume = async (until: () => boolean) => {
    while (!until()) {
      const ending = await queue.receive({ max: 20, waitSeconds: 1, autoAck: true });
      if (ending.kind === 'done') for (const { id } of ending.value.messages) tally.received.add(id);
      // Refused: it comes again a little later, as the answer asks.
      else await sleep(100);
    }
  };

  const endMs = performance.now() + loadMs;
  const isOver = () => performance.now() > endMs;
  const before = residentBytes(started.pid);
  let highest = before;
  let slowestNormalMs = 0;
  const polls = await openPolls(waiters, () => new RawPoll(started.url, idle.path, 'waitSeconds=5'));
  const consumers = Array.from({ length: 8 }, () => consume(isOver));
  const observing = (async () => {
    while (!isOver()) {
      const startMs = performance.now();
      expect((await fetch(`${started.url}/livez`)).status).toBe(200);
      slowestNormalMs = Math.max(slowestNormalMs, performance.now() - startMs);
      highest = Math.max(highest, residentBytes(started.pid));
      // How often is looked, no wait for anything to happen.
      await sleep(250);
    }
  })();
  const publishing: Promise<void>[] = [];
  while (!isOver()) {
    // What cannot be sent for want of connections would be this process's overload, not the gateway's.
    for (let count = 0; count < publishesPerTick && unanswered < 3_000; count += 1)
      publishing.push(publish());
    await sleep(tickMs);
  }
  await Promise.all([...publishing, observing, ...consumers]);

  // Nobody who waits was forgotten.
  const answers = await Promise.all(polls.map(({ answer }) => answer));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  // All that was confirmed is there.
  await waitUntil(
    async () => {
      const ending = await queue.receive({ max: 20, autoAck: true });
      if (ending.kind !== 'done') return false;
      for (const { id } of ending.value.messages) tally.received.add(id);
      return ending.value.messages.length === 0;
    },
    'the queue is empty',
    120_000,
  );
  // And all is as ever.
  await waitUntil(async () => (await idle.publish('after')).kind === 'done', 'there is room again');
  expect(answerOf(await idle.receive({ waitSeconds: 10 })).messages).toHaveLength(1);
  const lost = [...tally.stored].filter((id) => !tally.received.has(id));
  console.log({
    sent,
    broken: Object.fromEntries(broken),
    statuses: Object.fromEntries(tally.statuses),
    residentMebibytes: { before: Math.round(before / 1024 ** 2), highest: Math.round(highest / 1024 ** 2) },
    slowestNormalMs: Math.round(slowestNormalMs),
  });
  queue.close();
  idle.close();
  expect(tally.wrong).toEqual([]);
  expect(Object.fromEntries(broken)).toEqual({});
  expect(lost).toEqual([]);
  expect(tally.stored.size).toBeGreaterThan(0);
  expect(tally.statuses.get(429) ?? 0).toBeGreaterThan(0);
  expect(highest).toBeLessThan(residentBytesMax);
});
