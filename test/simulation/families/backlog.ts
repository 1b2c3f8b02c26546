/**
 * A backlog of many segments with something pending in each: messages that were handed back for a long time, or those of
 * one group that is blocked. What comes behind it is delivered all the same, and all of it can be acked in the end.
 */
import type { ReceivedMessage } from '../../../src/queue/index.ts';
import { Client, type Draft } from '../client.ts';
import { keyOf } from '../ledger.ts';
import { PLAIN_QUEUE } from '../scenario.ts';
import type { World } from '../world.ts';
import type { Family } from './family.ts';

const QUEUE = { kind: 'queue', name: 'long' } as const;
/** How long the stragglers stay away, in s. */
const AWAY_S = 600;
/** Receipts that one transaction acks, each in a segment of its own. */
const TOGETHER_MAX = 50;
/** More than any number of segments that a gateway may keep listings of. */
const SEGMENTS_MIN = 66;

export const backlog: Family = {
  name: 'backlog',
  cluster: (chance) => ({
    segmentLimits: { entries: 1, messages: 1000, bytes: 100_000 },
    thinkMs: 1,
    gateways: chance.pick([1, 2]),
    faults: chance.pick([0, 0, 0, 2]),
  }),
  stage: (world) => {
    const client = new Client(world, 'the patient');
    const isGrouped = client.chance.happens(0.5);
    const stragglers = SEGMENTS_MIN + client.chance.below(30);
    return {
      prepare: () => client.make(QUEUE, { ...PLAIN_QUEUE, ordering: isGrouped ? 'group' : 'none' }),
      clients: () => [straggle(client, stragglers, isGrouped)],
      end: async () => [...(await reach(world, client)), ...(await finish(client))],
    };
  },
};

async function straggle(client: Client, count: number, isGrouped: boolean): Promise<void> {
  const draft = (): Draft => ({
    key: client.newKey(),
    attributes: {},
    priority: 0,
    ...(isGrouped ? { group: 'blocked' } : {}),
  });
  // One after the other: what comes at once would share a segment.
  for (let left = count; left > 0; left -= 1) await client.publish(QUEUE, [draft()]);
  let away = 0;
  while (away < count) {
    const messages = await client.receive(QUEUE, { max: 20, leaseSeconds: 30 });
    if (messages.length === 0) return;
    const receipts = messages.map(({ receipt }) => receipt);
    await client.settle(QUEUE, { kind: 'nack', delaySeconds: AWAY_S }, receipts);
    away += messages.length;
    // Its group waits for the first.
    if (isGrouped) return;
  }
}

/** What is published behind the backlog is given out, by each gateway. */
async function reach(world: World, client: Client): Promise<string[]> {
  const found: string[] = [];
  for (const gateway of world.gateways) {
    const key = client.newKey();
    await client.publish(QUEUE, [{ key, attributes: {}, priority: 0, group: 'free' }]);
    // One answer need not hold all that is there.
    const messages = await client.takeAll(QUEUE, gateway);
    if (!messages.some((message) => keyOf(message) === key))
      found.push(`${key} was not delivered behind a backlog of many segments`);
  }
  return found;
}

/** Everything comes in the end, and transactions take it out of many segments at once. */
async function finish(client: Client): Promise<string[]> {
  const { time } = client.world;
  await time.sleep((AWAY_S + 60) * 1000);
  for (;;) {
    const held: ReceivedMessage[] = [];
    for (;;) {
      const messages = await client.receive(QUEUE, { max: 100, leaseSeconds: 300 });
      held.push(...messages);
      if (messages.length === 0 || held.length > 900) break;
    }
    if (held.length === 0) break;
    const receipts = held.map(({ receipt }) => receipt);
    for (let from = 0; from < receipts.length; from += TOGETHER_MAX) {
      const acks = [{ source: QUEUE, receipts: receipts.slice(from, from + TOGETHER_MAX) }];
      await client.must('acking a backlog in a transaction', (broker, call) =>
        broker.transact({ acks, publishes: [] }, call),
      );
    }
  }
  const { stats } = await client.must('statistics of long', (broker, call) => broker.get(QUEUE, call));
  return stats.messages === 0 ? [] : [`long counts ${stats.messages} messages when it is drained`];
}
