/**
 * Dead letters on their way back: to where they came from or elsewhere, also to what was purged before. What a redrive
 * says that it has moved is there, and nothing is in two places or in none.
 */
import type { SubscriptionRef, TopicRef } from '../../../src/queue/index.ts';
import { Client } from '../client.ts';
import { keyOf } from '../ledger.ts';
import { PLAIN_QUEUE, PLAIN_SUBSCRIPTION, PLAIN_TOPIC } from '../scenario.ts';
import type { Family } from './family.ts';

const SOURCE = { kind: 'queue', name: 'source' } as const;
const GRAVE = { kind: 'queue', name: 'grave' } as const;
const OTHER = { kind: 'queue', name: 'other' } as const;
const TOPIC = { kind: 'topic', name: 'heaven' } as const;
const ANGEL = { kind: 'topic', name: 'heaven', subscription: 'angel' } as const;
/** Longer than any delay. */
const DELAY_MS = 2_000;
const LEASE_MS = 60_000;

export const redrives: Family = {
  name: 'redrives',
  cluster: (chance) => ({ faults: chance.pick([0, 0, 2]), gateways: chance.pick([1, 2]), thinkMs: 5 }),
  stage: (world) => {
    const client = new Client(world, 'the ferryman');
    return {
      prepare: async () => {
        await client.make(GRAVE, PLAIN_QUEUE);
        await client.make(SOURCE, { ...PLAIN_QUEUE, maxDeliveries: 3, deadLetterQueue: GRAVE.name });
        await client.make(OTHER, PLAIN_QUEUE);
        await client.make(TOPIC, { ...PLAIN_TOPIC, retentionSeconds: 1_000 });
        await client.make(
          { kind: 'subscription', topic: TOPIC.name, name: ANGEL.subscription },
          { ...PLAIN_SUBSCRIPTION, maxDeliveries: 3, deadLetterQueue: GRAVE.name },
        );
      },
      clients: () => [stirUp(client)],
      end: async () => {
        const found: string[] = [];
        // Whatever the faults have left behind is not what these rounds are about.
        await world.time.sleep(DELAY_MS + LEASE_MS);
        for (const source of [SOURCE, ANGEL, OTHER, GRAVE]) await client.takeAll(source);
        for (let round = 0; round < 6; round += 1) found.push(...(await goRound(client)));
        return found;
      },
    };
  },
};

/** Uses everything, so that purges and schedules of each queue have a past. */
async function stirUp(client: Client): Promise<void> {
  const { chance } = client;
  for (let step = 0; step < 12; step += 1) {
    await client.next();
    const from = chance.pick([SOURCE, ANGEL]);
    await bury(client, from, 1 + chance.below(3));
    const to = chance.pick([undefined, OTHER.name, TOPIC.name]);
    await client.world.ask(
      client.gateway,
      (broker, call) => broker.redrive(GRAVE.name, to === undefined ? {} : { to }, call),
      { name: 'redriving' },
    );
    if (chance.happens(0.4)) await purge(client, chance.pick([SOURCE, OTHER, ANGEL, GRAVE]));
  }
}

/** Buries some, purges this or that, and moves all of them; then they are where they were moved to, and nowhere else. */
async function goRound(client: Client): Promise<string[]> {
  const { chance } = client;
  const from = chance.pick([SOURCE, ANGEL]);
  const count = 1 + chance.below(5);
  const before = await bury(client, from, count);
  for (const place of [SOURCE, OTHER, ANGEL]) if (chance.happens(0.4)) await purge(client, place);
  const named = chance.pick([undefined, OTHER, TOPIC]);
  const to = named === undefined ? {} : { to: named.name };
  const moved = await client.must('redriving', (broker, call) => broker.redrive(GRAVE.name, to, call));
  const target: SubscriptionRef = named === undefined ? from : named === TOPIC ? ANGEL : OTHER;
  const arrived = (await client.takeAll(target)).map(keyOf);
  const left = (await client.takeAll(GRAVE)).map(keyOf);
  const where = `from ${from.name} to ${named?.name ?? 'where they came from'}`;
  const found: string[] = [];
  if (moved !== arrived.length) found.push(`${moved} were moved ${where}, and ${arrived.length} arrived`);
  if ([...arrived, ...left].sort().join() !== [...before].sort().join())
    found.push(`of the dead [${before}] there were [${arrived}] and [${left}] after a redrive ${where}`);
  return found;
}

/** Publishes, some with a delay, and rejects. @returns the keys of what is dead */
async function bury(client: Client, from: SubscriptionRef, count: number): Promise<string[]> {
  const { chance, world } = client;
  const target: TopicRef = from.kind === 'queue' ? SOURCE : TOPIC;
  const drafts = Array.from({ length: count }, () => ({
    key: client.newKey(),
    attributes: {},
    priority: 0,
    ...(chance.happens(0.5) ? { delaySeconds: chance.pick([0.2, 1]) } : {}),
  }));
  await client.publish(target, drafts);
  await world.time.sleep(DELAY_MS);
  const dead: string[] = [];
  for (;;) {
    const messages = await client.receive(from, { max: 100, leaseSeconds: LEASE_MS / 1000 });
    if (messages.length === 0) return dead;
    const receipts = messages.map(({ receipt }) => receipt);
    await client.settle(from, { kind: 'reject' }, receipts);
    dead.push(...messages.map(keyOf));
  }
}

async function purge(client: Client, place: SubscriptionRef): Promise<void> {
  await client.world.ask(client.gateway, (broker, call) => broker.purge(place, call), { name: 'purging' });
}
