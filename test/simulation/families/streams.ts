/**
 * Streams of a topic while its log is rolled and trimmed: readers come and go, at gateways of their own choice, and get
 * every message in its order, or are told of a gap.
 */
import type { TopicConfig } from '../../../src/queue/index.ts';
import { Client } from '../client.ts';
import { contiguityViolations } from '../rules/contiguity.ts';
import { PLAIN_SUBSCRIPTION, PLAIN_TOPIC } from '../scenario.ts';
import type { World } from '../world.ts';
import type { Family } from './family.ts';
import { StreamReader } from './stream-reader.ts';

const TOPIC = { kind: 'topic', name: 'wire' } as const;
const SUBSCRIPTION = { kind: 'topic', name: 'wire', subscription: 'clerk' } as const;
const REST_MS = 10_000;

/** What the topic keeps of what everybody has acked. */
const KEEPING: readonly Partial<TopicConfig>[] = [
  { retentionSeconds: 1_000_000 },
  {},
  {},
  { retentionSeconds: 1 },
  { retentionBytes: 200 },
];

export const streams: Family = {
  name: 'streams',
  cluster: (chance) => ({
    segmentLimits: { entries: chance.pick([2, 4, 8, 24]), messages: 1000, bytes: 100_000 },
    gateways: chance.pick([1, 2, 3]),
    thinkMs: chance.pick([1, 1, 5]),
    faults: chance.pick([0, 0, 1, 3]),
  }),
  stage: (world) => {
    const chance = world.chance.derive('streams');
    const keeping = chance.pick(KEEPING);
    const priorities = chance.pick([1, 1, 2]);
    const readers = ['first', 'second', 'third', 'fourth'].map(
      (name) => new StreamReader(new Client(world, `${name} reader`), TOPIC.name),
    );
    const publishers = ['one', 'two', 'three'].map((name) => new Client(world, name));
    const state = { left: publishers.length };
    return {
      prepare: async () => {
        const client = new Client(world, 'preparation');
        await client.make(TOPIC, { ...PLAIN_TOPIC, ...keeping, priorities });
        await client.make({ kind: 'subscription', topic: 'wire', name: 'clerk' }, PLAIN_SUBSCRIPTION);
      },
      clients: () => [
        ...publishers.map((client, index) =>
          publish(client, index % priorities).finally(() => {
            state.left -= 1;
          }),
        ),
        ...readers.map((reader) => comeAndGo(world, reader, state)),
        consume(new Client(world, 'clerk'), state),
      ],
      end: async () => {
        await world.time.sleep(REST_MS);
        for (const reader of readers) {
          const ending = await reader.read(REST_MS);
          if (ending !== 'left') world.ledger.defects.push(`${reader.name} was told ${ending}`);
        }
        const keepsAll = (keeping.retentionSeconds ?? 0) > 1_000;
        return readers.flatMap(({ name, sights }) =>
          contiguityViolations(name, sights, world.ledger.publishes, keepsAll),
        );
      },
    };
  },
};

interface Going {
  left: number;
}

/** What one publishes has an order: nothing is published before the one before it is answered. */
async function publish(client: Client, priority: number): Promise<void> {
  const { chance, world } = client;
  const count = 30 + chance.below(30);
  for (let number = 0; number < count; number += 1) {
    await world.time.sleep(chance.around(world.scenario.thinkMs));
    const drafts = Array.from({ length: chance.pick([1, 1, 1, 3]) }, () => ({
      key: client.newKey(),
      attributes: {},
      priority,
    }));
    await client.publish(TOPIC, drafts);
  }
}

async function comeAndGo(world: World, reader: StreamReader, going: Going): Promise<void> {
  const chance = world.chance.derive(`${reader.name} comes`);
  while (going.left > 0) {
    await reader.read(chance.pick([30, 200, 2_000]));
    await world.time.sleep(chance.pick([0, 20, 200]));
  }
}

/** Acks nearly everything at once, so that it is trimmed; what it holds for long makes holes in the log. */
async function consume(client: Client, going: Going): Promise<void> {
  const { chance, world } = client;
  while (going.left > 0) {
    await world.time.sleep(chance.around(2 * world.scenario.thinkMs));
    const messages = await client.receive(SUBSCRIPTION, { max: 10, waitSeconds: 0.1, leaseSeconds: 1 });
    const receipts = messages.map(({ receipt }) => receipt);
    if (receipts.length === 0) continue;
    const held = chance.happens(0.1) ? receipts.splice(0, 1) : [];
    if (held.length > 0) await client.settle(SUBSCRIPTION, { kind: 'nack', delaySeconds: 3 }, held);
    if (receipts.length > 0) await client.settle(SUBSCRIPTION, { kind: 'ack' }, receipts);
  }
}
