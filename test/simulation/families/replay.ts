/**
 * A topic that keeps what was acked, for a time or for ever, looked at by browsing and by seeking: whatever is not too old
 * is there, a seek to an instant misses nothing from it on and does not land long before it, and what is too old goes.
 */
import { Client } from '../client.ts';
import { keyOf } from '../ledger.ts';
import { type Appended, browseViolations, seekViolations } from '../rules/replay.ts';
import { PLAIN_SUBSCRIPTION, PLAIN_TOPIC } from '../scenario.ts';
import type { Family } from './family.ts';

const TOPIC = { kind: 'topic', name: 'archive' } as const;
const READER = { kind: 'topic', name: 'archive', subscription: 'reader' } as const;
const SLOW = { kind: 'topic', name: 'archive', subscription: 'slow' } as const;
/** Longer than any delay, and than what has come needs to be looked at. */
const REST_MS = 15_000;
/** What may go has gone after so long. */
const TRIMMED_MS = 5_000;
/** After so long a gateway has looked at everything that it left undone. */
const LONG_MS = 3_600_000;

export const replay: Family = {
  name: 'replay',
  cluster: (chance) => ({
    segmentLimits: { entries: chance.pick([2, 4, 16]), messages: 1000, bytes: 100_000 },
    gateways: chance.pick([1, 2, 3]),
    // Clocks that jump would leave little to be judged.
    faults: 0,
    thinkMs: chance.pick([5, 50]),
  }),
  stage: (world) => {
    const client = new Client(world, 'the historian');
    const { chance } = client;
    const retentionSeconds = chance.pick([undefined, 12, 12, 1_000]);
    const leavesSome = chance.happens(0.6);
    const appended: Appended[] = [];
    const found: string[] = [];
    const browse = async () => {
      const askedMs = world.time.nowMs;
      const keys = new Set(await browseAll(client));
      if (retentionSeconds !== undefined)
        found.push(...browseViolations(appended, keys, askedMs, retentionSeconds * 1_000));
    };
    return {
      prepare: async () => {
        await client.make(TOPIC, { ...PLAIN_TOPIC, ...(retentionSeconds && { retentionSeconds }) });
        for (const { subscription: name } of [READER, SLOW])
          await client.make({ kind: 'subscription', topic: TOPIC.name, name }, PLAIN_SUBSCRIPTION);
      },
      clients: () => [
        ...['first', 'second'].map((name) => publish(new Client(world, `${name} author`), appended)),
        consume(new Client(world, 'slow'), leavesSome),
        (async () => {
          for (let step = 0; step < 8; step += 1) {
            await world.time.sleep(chance.around(20 * world.scenario.thinkMs));
            await browse();
          }
        })(),
      ],
      end: async () => {
        await world.time.sleep(chance.pick([1_000, REST_MS]));
        await browse();
        // What ends meanwhile is not kept for a subscription that has been through with it; and what lies before a hole
        // that others made is counted with it.
        const isSteady = !leavesSome && (retentionSeconds === undefined || retentionSeconds > 100);
        for (let count = 0; count < 3; count += 1)
          found.push(...(await seekAndRead(client, appended, isSteady)));
        return [...found, ...(await growOld(client, retentionSeconds))];
      },
    };
  },
};

async function publish(client: Client, appended: Appended[]): Promise<void> {
  const { chance, world } = client;
  for (let step = 0; step < 30; step += 1) {
    await client.next();
    const delaySeconds = chance.happens(0.15) ? chance.pick([0.5, 3, 8]) : 0;
    const key = client.newKey();
    const fromMs = world.time.nowMs + delaySeconds * 1_000;
    const draft = { key, attributes: {}, priority: 0, ...(delaySeconds > 0 ? { delaySeconds } : {}) };
    const answer = await client.publish(TOPIC, [draft]);
    const byMs = delaySeconds > 0 ? Number.POSITIVE_INFINITY : world.time.nowMs;
    if (answer.kind === 'done') appended.push({ key, fromMs, byMs });
  }
}

/** Acks, but for a few that it leaves for long: they make holes, where what lies between is not kept. */
async function consume(client: Client, leavesSome: boolean): Promise<void> {
  for (let step = 0; step < 25; step += 1) {
    await client.next();
    const messages = await client.receive(SLOW, { max: 5, waitSeconds: 0.2, leaseSeconds: 60 });
    const receipts = messages.map(({ receipt }) => receipt);
    const left = leavesSome && client.chance.happens(0.3) ? receipts.splice(0, 1) : [];
    if (left.length > 0) await client.settle(SLOW, { kind: 'nack', delaySeconds: 300 }, left);
    if (receipts.length > 0) await client.settle(SLOW, { kind: 'ack' }, receipts);
  }
}

async function seekAndRead(
  client: Client,
  appended: readonly Appended[],
  isSteady: boolean,
): Promise<string[]> {
  const { chance, world } = client;
  await client.takeAll(READER);
  // What everybody has acked by now may go, and stays for a moment.
  await world.time.sleep(TRIMMED_MS);
  const toMs = chance.pick(appended).fromMs + chance.pick([-1, 0, 1, 20]);
  const atMs = world.ensemble.clockMs - Math.floor(world.time.nowMs) + Math.round(toMs);
  await client.must('seeking', (broker, call) => broker.seek(READER, { kind: 'instant', atMs }, call));
  // From here on nothing goes that the subscription has yet to go through.
  const there = await browseAll(client);
  const { stats } = await client.must('statistics', (broker, call) =>
    broker.get({ kind: 'subscription', topic: TOPIC.name, name: READER.subscription }, call),
  );
  const given = (await client.takeAll(READER)).map(keyOf);
  const found = seekViolations(appended, new Set(there), given, toMs);
  if (isSteady && stats.messages !== given.length)
    found.push(`a seek left ${stats.messages} messages to count and ${given.length} to get`);
  return found;
}

/** What everybody has acked goes when its time is over, and by itself. */
async function growOld(client: Client, retentionSeconds: number | undefined): Promise<string[]> {
  const { world } = client;
  await world.time.sleep(LONG_MS);
  for (const source of [READER, SLOW]) await client.takeAll(source);
  await world.time.sleep(LONG_MS);
  const left = await browseAll(client);
  return left.length === 0
    ? []
    : [`the archive keeps ${left.length} messages beyond ${retentionSeconds ?? 0} s`];
}

async function browseAll(client: Client): Promise<string[]> {
  const keys: string[] = [];
  let cursor: string | undefined;
  do {
    const from = cursor === undefined ? {} : { cursor };
    const page = await client.must('browsing', (broker, call) =>
      broker.browse(TOPIC.name, { limit: 30, ...from }, call),
    );
    keys.push(...page.items.map(keyOf));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return keys;
}
