/**
 * Much at once, with bodies that are small and attributes that are not: what is due together, what dies together, what is
 * moved back together and what is received under many attempts comes through, in as many commits as it takes.
 */
import { Client, type Draft } from '../client.ts';
import { PLAIN_QUEUE } from '../scenario.ts';
import type { Family } from './family.ts';

const QUEUE = { kind: 'queue', name: 'heavy' } as const;
const GRAVE = { kind: 'queue', name: 'grave' } as const;
const DELAY_S = 3;

/** Receives at a time, and what each is given. */
const ATTEMPTS = 16;
const PER_ATTEMPT = 100;

type Scene = (client: Client) => Promise<string[]>;

export const large: Family = {
  name: 'large',
  cluster: (chance) => ({ faults: 0, gateways: chance.pick([1, 2]), thinkMs: 1, lagMs: 2 }),
  stage: (world) => {
    const client = new Client(world, 'the carrier');
    const scene = client.chance.pick(SCENES);
    return {
      prepare: async () => {
        await client.make(GRAVE, PLAIN_QUEUE);
        await client.make(QUEUE, {
          ...PLAIN_QUEUE,
          leaseSeconds: 1,
          maxDeliveries: 1,
          deadLetterQueue: GRAVE.name,
        });
      },
      clients: () => [],
      end: () => scene(client),
    };
  },
};

const SCENES: readonly Scene[] = [
  async function dueTogether(client) {
    const count = 700 + client.chance.below(400);
    await fill(client, count, 733, DELAY_S);
    await client.world.time.sleep((DELAY_S + 1) * 1_000);
    await client.must('statistics', (broker, call) => broker.get(QUEUE, call));
    return arrives(client, QUEUE, count);
  },
  async function dyingTogether(client) {
    const count = 260 + client.chance.below(60);
    await fill(client, count, 4_000);
    await die(client, count, client.chance.happens(0.5));
    return arrives(client, GRAVE, count);
  },
  async function movedTogether(client) {
    const count = 100 + client.chance.below(30);
    await fill(client, count, 12_000);
    await die(client, count, false);
    const moved = await client.must('redriving', (broker, call) => broker.redrive(GRAVE.name, {}, call));
    if (moved !== count) return [`${moved} of ${count} were moved back`];
    return arrives(client, QUEUE, count);
  },
  /** What each attempt was given is kept for long: here for so many that they would not all go into one commit. */
  async function manyAttempts(client) {
    await client.make(QUEUE, { ...PLAIN_QUEUE, leaseSeconds: 60 });
    await fill(client, ATTEMPTS * PER_ATTEMPT, 0);
    for (let round = 0; round < 40; round += 1)
      await Promise.all(Array.from({ length: ATTEMPTS }, () => receiveAndReturn(client, client.newKey())));
    return arrives(client, QUEUE, ATTEMPTS * PER_ATTEMPT);
  },
];

async function fill(client: Client, count: number, attributeBytes: number, delaySeconds = 0): Promise<void> {
  const text = 'x'.repeat(attributeBytes);
  const perRequest = Math.floor(600_000 / (attributeBytes + 1_000));
  const dueMs = client.world.ensemble.clockMs + delaySeconds * 1_000;
  for (let left = count; left > 0; left -= perRequest) {
    const drafts = Array.from({ length: Math.min(left, perRequest) }, (): Draft => {
      const when = delaySeconds > 0 ? { deliverAtMs: dueMs } : {};
      return { key: client.newKey(), attributes: { text }, priority: 0, ...when };
    });
    const answer = await client.publish(QUEUE, drafts);
    if (answer.kind !== 'done') throw new Error(`publishing was ${JSON.stringify(answer)}`);
  }
}

/** All of it dies: by its leases' end, together, or because it is rejected. */
async function die(client: Client, count: number, together: boolean): Promise<void> {
  const receipts: string[] = [];
  while (receipts.length < count) {
    const request = { max: 100, waitSeconds: 0, autoAck: false, leaseSeconds: together ? 2 : 60 };
    const { messages } = await client.must('receiving', (broker, call) =>
      broker.receive(QUEUE, request, call),
    );
    if (messages.length === 0) break;
    receipts.push(...messages.map(({ receipt }) => receipt));
  }
  if (together) await client.world.time.sleep(3_000);
  else
    for (let from = 0; from < receipts.length; from += 100) {
      const some = receipts.slice(from, from + 100);
      await client.must('rejecting', (broker, call) => broker.settle(QUEUE, { kind: 'reject' }, some, call));
    }
}

async function receiveAndReturn(client: Client, attemptId: string): Promise<void> {
  const request = { max: PER_ATTEMPT, waitSeconds: 0, autoAck: false, attemptId };
  const { messages } = await client.must('an attempt to receive', (broker, call) =>
    broker.receive(QUEUE, request, call),
  );
  if (messages.length === 0) return;
  const receipts = messages.map(({ receipt }) => receipt);
  await client.must('returning', (broker, call) =>
    broker.settle(QUEUE, { kind: 'nack', delaySeconds: 0 }, receipts, call),
  );
}

async function arrives(client: Client, place: typeof QUEUE | typeof GRAVE, count: number): Promise<string[]> {
  const taken = await client.takeAll(place);
  return taken.length === count
    ? []
    : [`${taken.length} of ${count} large messages came out of ${place.name}`];
}
