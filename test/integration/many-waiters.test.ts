/**
 * Very many receives that wait at one gateway: what each costs, and that each gets its message.
 *
 * FULL_WAITERS=1 opens 10,000 instead of 1,500; that takes a limit of 12,000 and more open files for a process.
 */
import { expect, test } from 'vitest';
import { useGateways } from '../support/gateway-cluster.ts';
import { answerOf } from '../support/queue-client.ts';
import { send } from '../support/raw-http.ts';
import { openPolls, RawPoll, residentBytes } from '../support/raw-polls.ts';
import { waitUntil } from '../support/wait-until.ts';

const cluster = useGateways();

const { FULL_WAITERS = '' } = process.env;
const waiters = FULL_WAITERS === '' ? 1_500 : 10_000;
const samples = 10;
/** What one may cost at most, all of it: connection, request, waiting. Measured: see docs/decisions/watches.md. */
const bytesPerWaiterMax = 64 * 1024;

async function watchCount(): Promise<number> {
  return Number(/zk_watch_count\s+(\d+)/.exec(await cluster.server.command('mntr'))?.[1]);
}

/** The number once it has not changed for a while. */
async function settled(read: () => number | Promise<number>, tolerance = 0): Promise<number> {
  let known = await read();
  let still = 0;
  await waitUntil(async () => {
    const now = await read();
    still = Math.abs(now - known) <= tolerance ? still + 1 : 0;
    known = now;
    return still >= 40;
  }, 'it is settled');
  return known;
}

test(`${waiters} receives wait on few watches and little memory, and each gets its message`, {
  timeout: 240_000,
}, async () => {
  const [gateway] = await cluster.start(1);
  if (gateway === undefined) throw new Error('one gateway was started');
  const [queue] = await cluster.createQueue([gateway]);
  if (queue === undefined) throw new Error('one client was made');
  answerOf(await queue.publish('first'));
  answerOf(await queue.receive({ autoAck: true }));
  const open = (count: number) => openPolls(count, () => new RawPoll(gateway.url, queue.path));

  const few = await open(20);
  const watchesOfFew = await settled(watchCount);
  const bytesBefore = residentBytes(gateway.pid);
  const polls = [...few, ...(await open(waiters - few.length))];
  const watches = await settled(watchCount);
  const bytes = await settled(() => residentBytes(gateway.pid), 1024 * 1024);
  const bytesPerWaiter = Math.round((bytes - bytesBefore) / (waiters - few.length));

  const latenciesMs: number[] = [];
  const answeredMs: number[] = [];
  for (const { answer } of polls) void answer.then(({ atMs }) => answeredMs.push(atMs));
  for (let sample = 0; sample < samples; sample += 1) {
    const startMs = performance.now();
    answerOf(await queue.publish(`sample ${sample}`));
    await waitUntil(() => answeredMs.length > sample, 'one of them is answered');
    latenciesMs.push((answeredMs[sample] ?? Number.NaN) - startMs);
  }
  latenciesMs.sort((a, b) => a - b);

  const startMs = performance.now();
  const rest = waiters - samples;
  for (let from = 0; from < rest; from += 1000) {
    const messages = Array.from({ length: Math.min(1000, rest - from) }, (_, index) => ({
      body: from + index,
    }));
    const body = JSON.stringify({ messages });
    const headers = { 'content-type': 'application/json' };
    expect((await send(gateway.url, `${queue.path}/messages`, { headers, body })).status).toBe(201);
  }
  const answers = await Promise.all(polls.map(({ answer }) => answer));
  const deliveredMs = Math.round(performance.now() - startMs);
  const bodies = answers.map(({ status, body }) => {
    expect(status).toBe(200);
    return JSON.stringify(
      (JSON.parse(body) as { messages: { body: unknown }[] }).messages.map((each) => each.body),
    );
  });
  console.log({
    waiters,
    bytesPerWaiter,
    watchesOfFew,
    watches,
    latencyMedianMs: latenciesMs[5],
    deliveredMs,
  });
  expect(new Set(bodies).size).toBe(waiters);
  expect(watches).toBeLessThanOrEqual(watchesOfFew);
  expect(bytesPerWaiter).toBeLessThan(bytesPerWaiterMax);
  expect((await queue.stats()).messages).toBe(0);
});
