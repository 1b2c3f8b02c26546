/**
 * Transactions over several queues, whose targets are limited, and one of which buries what dies in the sources: what one
 * takes and what it makes go together, and with nothing the matter nobody is kept waiting.
 */
import type { QueueConfig } from '../../../src/queue/index.ts';
import { Client, type Draft } from '../client.ts';
import { keyOf } from '../ledger.ts';
import { PLAIN_QUEUE } from '../scenario.ts';
import type { Family } from './family.ts';

const LEFT = { kind: 'queue', name: 'left' } as const;
const RIGHT = { kind: 'queue', name: 'right' } as const;
const GRAVE = { kind: 'queue', name: 'grave' } as const;
const PIT = { kind: 'queue', name: 'pit' } as const;
const OUT = { kind: 'queue', name: 'out' } as const;
const PLACES = [LEFT, RIGHT, GRAVE, PIT, OUT];
const REST_MS = 60_000;
/**
 * A transaction that waits for itself waits for the whole time of a request, which is 10 s. Near a limit one may lose to the
 * publishes of other gateways some twenty times, at 50 ms each: that is no promise broken.
 */
const WAITING_MS_MAX = 2_500;

export const pipeline: Family = {
  name: 'pipeline',
  cluster: (chance) => ({
    gateways: chance.pick([1, 2, 3]),
    faults: chance.pick([0, 0, 0, 2]),
    thinkMs: chance.pick([2, 10]),
    lagMs: 2,
  }),
  stage: (world) => {
    const client = new Client(world, 'preparation');
    const { chance } = client;
    const limited = () => ({ maxMessages: chance.pick([undefined, 3, 12, 1_000]) });
    const dying = (deadLetterQueue: string): Partial<QueueConfig> => ({
      deadLetterQueue,
      maxDeliveries: chance.pick([1, 2]),
      leaseSeconds: chance.pick([0.2, 1]),
    });
    const products = new Map<string, readonly string[]>();
    return {
      prepare: async () => {
        await client.make(PIT, { ...PLAIN_QUEUE, ...limited() });
        await client.make(GRAVE, { ...PLAIN_QUEUE, ...limited(), ...dying(PIT.name) });
        await client.make(OUT, { ...PLAIN_QUEUE, ...limited() });
        for (const queue of [LEFT, RIGHT]) await client.make(queue, { ...PLAIN_QUEUE, ...dying(GRAVE.name) });
      },
      clients: () => [
        feed(new Client(world, 'first feeder'), LEFT),
        feed(new Client(world, 'second feeder'), RIGHT),
        transform(new Client(world, 'first fitter'), products),
        transform(new Client(world, 'second fitter'), products),
        consume(new Client(world, 'sexton')),
      ],
      end: async () => {
        await world.time.sleep(REST_MS);
        const keys: string[] = [];
        for (const place of PLACES) keys.push(...(await client.takeAll(place)).map(keyOf));
        return [...unevenViolations(products, new Set(keys)), ...twice(keys)];
      },
    };
  },
};

async function feed(client: Client, target: typeof LEFT | typeof RIGHT): Promise<void> {
  for (let step = 0; step < 18; step += 1) {
    await client.next();
    await client.publish(target, [draftOf(client.newKey())]);
  }
}

/** Takes from one or both, and makes something of it in one or two places. */
async function transform(client: Client, products: Map<string, readonly string[]>): Promise<void> {
  const { chance, world } = client;
  for (let step = 0; step < 14; step += 1) {
    await client.next();
    const sources = chance.pick([[LEFT], [RIGHT], [LEFT, RIGHT], [RIGHT, LEFT]]);
    const acks: { source: typeof LEFT | typeof RIGHT; receipts: string[] }[] = [];
    for (const source of sources) {
      const messages = await client.receive(source, { max: chance.pick([1, 3]) });
      if (messages.length > 0) acks.push({ source, receipts: messages.map(({ receipt }) => receipt) });
    }
    if (acks.length === 0 || chance.happens(0.3)) continue;
    const id = client.newKey();
    const targets = chance.pick([[GRAVE], [GRAVE], [OUT], [GRAVE, OUT], [PIT, OUT]]);
    const keys = targets.map(({ name }) => `${id} at ${name}`);
    const publishes = targets.map((target, index) => ({
      target,
      messages: [{ ...plainMessage(keys[index] as string) }],
    }));
    const beganMs = world.time.nowMs;
    const { calm } = world;
    const { answer } = await world.ask(
      client.gateway,
      (broker, call) => broker.transact({ transactionId: id, acks, publishes }, call),
      { name: 'a transaction over several queues' },
    );
    products.set(id, answer.kind === 'refused' ? [] : keys);
    if (calm && world.time.nowMs - beganMs > WAITING_MS_MAX)
      world.ledger.defects.push(`a transaction waited for ${Math.round(world.time.nowMs - beganMs)} ms`);
  }
}

/** Lets the dead die again, takes some of them, and moves others back, or on. */
async function consume(client: Client): Promise<void> {
  const { chance, world } = client;
  for (let step = 0; step < 14; step += 1) {
    await client.next();
    const source = chance.pick([GRAVE, GRAVE, PIT, OUT]);
    if (chance.happens(0.6)) {
      const messages = await client.receive(source, { max: 5 });
      const receipts = messages.map(({ receipt }) => receipt);
      // Elsewhere it would be dropped.
      if (receipts.length > 0 && source === GRAVE && chance.happens(0.3))
        await client.settle(source, { kind: 'reject' }, receipts);
      continue;
    }
    const from = chance.pick([GRAVE, PIT]);
    const to = chance.pick([undefined, OUT.name, PIT.name, GRAVE.name]);
    await world.ask(
      client.gateway,
      (broker, call) => broker.redrive(from.name, to === undefined || to === from.name ? {} : { to }, call),
      { name: 'redriving' },
    );
  }
}

/** Of what a transaction made, all is there or nothing is; and nothing of one that was refused. */
function unevenViolations(
  products: ReadonlyMap<string, readonly string[]>,
  there: ReadonlySet<string>,
): string[] {
  const found: string[] = [];
  for (const [id, keys] of products) {
    const seen = [...there].filter((key) => key.startsWith(`${id} at `));
    if (keys.length === 0 && seen.length > 0) found.push(`${id} was refused, and made ${seen}`);
    if (seen.length > 0 && keys.length > 0 && seen.length < keys.length)
      found.push(`${id} made ${seen} alone`);
  }
  return found;
}

function twice(keys: readonly string[]): string[] {
  return new Set(keys).size === keys.length ? [] : ['a message was in two places'];
}

function draftOf(key: string): Draft {
  return { key, attributes: {}, priority: 0 };
}

function plainMessage(key: string) {
  const body = Buffer.from(key);
  return { body, bodyKind: 'text', contentType: 'text/plain', attributes: {}, priority: 0 } as const;
}
