/**
 * Topics and subscriptions are made and deleted while others publish and trim: a refusal changes nothing, what was made is
 * told the truth, and a dead-letter queue that nobody names any more can be deleted.
 */
import { Client } from '../client.ts';
import { keyOf } from '../ledger.ts';
import { PLAIN_QUEUE, PLAIN_SUBSCRIPTION, PLAIN_TOPIC } from '../scenario.ts';
import type { Family } from './family.ts';

const TOPIC = { kind: 'topic', name: 'club' } as const;
/** Comes and goes, as its members do. */
const FLEETING = { kind: 'topic', name: 'party' } as const;
const GRAVE = { kind: 'queue', name: 'grave' } as const;
const REST_MS = 20_000;
const KEEPER = { kind: 'topic', name: 'club', subscription: 'keeper' } as const;

interface Member {
  readonly name: string;
  readonly startFrom: 'latest' | 'earliest';
  readonly askedMs: number;
  readonly madeMs: number;
}

export const links: Family = {
  name: 'links',
  cluster: (chance) => ({
    segmentLimits: { entries: chance.pick([1, 2, 4]), messages: 1000, bytes: 100_000 },
    gateways: chance.pick([1, 2, 3]),
    faults: chance.pick([0, 0, 0, 2]),
    thinkMs: chance.pick([1, 5]),
  }),
  stage: (world) => {
    const client = new Client(world, 'the host');
    const members: Member[] = [];
    return {
      prepare: async () => {
        await client.make(GRAVE, PLAIN_QUEUE);
        await client.make(TOPIC, PLAIN_TOPIC);
        await client.make(
          { kind: 'subscription', topic: TOPIC.name, name: KEEPER.subscription },
          PLAIN_SUBSCRIPTION,
        );
        await client.make(FLEETING, PLAIN_TOPIC);
      },
      clients: () => [
        publish(new Client(world, 'speaker')),
        publish(new Client(world, 'singer')),
        keep(new Client(world, 'keeper')),
        join(new Client(world, 'doorman'), members),
        ...['first', 'second', 'third'].map((name) => comeAndGo(new Client(world, `${name} guest`))),
      ],
      end: async () => {
        await world.time.sleep(REST_MS);
        const found: string[] = [];
        for (const member of members) found.push(...(await question(client, member)));
        return [...found, ...(await close(client))];
      },
    };
  },
};

async function publish(client: Client): Promise<void> {
  for (let step = 0; step < 30; step += 1) {
    await client.next();
    await client.publish(TOPIC, [{ key: client.newKey(), attributes: {}, priority: 0 }]);
  }
}

/** Takes what there is, so that it is trimmed. */
async function keep(client: Client): Promise<void> {
  for (let step = 0; step < 30; step += 1) {
    await client.next();
    await client.receive(KEEPER, { max: 5, waitSeconds: 0.05, autoAck: true });
  }
}

/** Makes subscriptions that stay, with a dead-letter queue, each under a name of its own. */
async function join(client: Client, members: Member[]): Promise<void> {
  const { chance, world } = client;
  for (let step = 0; step < 5; step += 1) {
    await world.time.sleep(chance.around(6 * world.scenario.thinkMs));
    const name = `member-${step}`;
    const startFrom = chance.pick(['latest', 'earliest', 'earliest'] as const);
    const config = { ...PLAIN_SUBSCRIPTION, startFrom, deadLetterQueue: GRAVE.name };
    const askedMs = world.time.nowMs;
    const { answer } = await world.ask(
      client.gateway,
      (broker, call) => broker.put({ kind: 'subscription', topic: TOPIC.name, name }, config, {}, call),
      { name: 'joining' },
    );
    if (answer.kind === 'done') members.push({ name, startFrom, askedMs, madeMs: world.time.nowMs });
  }
}

/** Subscribes to a topic that others delete and make anew, and leaves, whatever comes of it. */
async function comeAndGo(client: Client): Promise<void> {
  const { chance, world } = client;
  for (let step = 0; step < 14; step += 1) {
    await client.next();
    const name = chance.pick(['red', 'green', client.newKey()]);
    const ref = { kind: 'subscription', topic: FLEETING.name, name } as const;
    const config = {
      ...PLAIN_SUBSCRIPTION,
      deadLetterQueue: chance.pick([GRAVE.name, GRAVE.name, undefined]),
    };
    const luck = chance.fraction();
    await world.ask<unknown>(
      client.gateway,
      (broker, call) => {
        if (luck < 0.5) return broker.put(ref, config, {}, call);
        if (luck < 0.65) return broker.delete(ref, {}, call);
        if (luck < 0.8) return broker.delete(FLEETING, {}, call);
        return broker.put(FLEETING, PLAIN_TOPIC, {}, call);
      },
      { name: 'coming or going' },
    );
  }
}

/** It counts what it gets, and gets whatever was published after it was made. */
async function question(client: Client, { name, madeMs }: Member): Promise<string[]> {
  const { ledger } = client.world;
  const ref = { kind: 'subscription', topic: TOPIC.name, name } as const;
  const { stats } = await client.must('statistics', (broker, call) => broker.get(ref, call));
  const given = (await client.takeAll({ kind: 'topic', name: TOPIC.name, subscription: name })).map(keyOf);
  const got = new Set(given);
  const missed = ledger.publishes.filter(
    ({ kind, askedMs, key, target }) =>
      target === TOPIC.name && kind === 'done' && askedMs >= madeMs && !got.has(key),
  );
  const found: string[] = [];
  if (stats.messages !== given.length)
    found.push(`${name} counted ${stats.messages} messages and was given ${given.length}`);
  if (missed.length > 0) found.push(`${name} missed ${missed.length} messages that came after it`);
  if (got.size < given.length) found.push(`${name} was given a message twice`);
  return found;
}

/** Ends everything; what nobody names can be deleted. */
async function close(client: Client): Promise<string[]> {
  const { world } = client;
  for (const ref of [TOPIC, FLEETING]) {
    const { answer } = await world.ask(client.gateway, (broker, call) => broker.delete(ref, {}, call), {
      name: 'closing',
    });
    const isGone = answer.kind === 'done' || (answer.kind === 'refused' && answer.code === 'not-found');
    if (!isGone) return [`${ref.name} could not be deleted: ${JSON.stringify(answer)}`];
  }
  const { answer } = await world.ask(client.gateway, (broker, call) => broker.delete(GRAVE, {}, call), {
    name: 'burying the grave',
  });
  return answer.kind === 'done' ? [] : [`a dead-letter queue of nobody: ${JSON.stringify(answer)}`];
}
