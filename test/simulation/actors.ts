/** The clients of a run, each a loop of its own: they publish, consume, transform, and look. */
import type { Broker, Call, ReceivedMessage } from '../../src/queue/index.ts';
import { Client, type Draft } from './client.ts';
import { PLAIN_QUEUE, PLAIN_SUBSCRIPTION } from './scenario.ts';
import type { SimulatedGateway } from './simulated-gateway.ts';
import {
  SOURCES,
  type SourceName,
  TARGETS,
  type TargetName,
  targetOf,
  VISITOR,
  type World,
} from './world.ts';

const COLOURS = ['red', 'green', 'blue'];

/** Publishes one request after the other; what belongs to a group comes from one producer alone, in order. */
export async function produce(world: World, target: TargetName, name: string): Promise<void> {
  const client = new Client(world, name);
  const { chance } = client;
  const priorities =
    target === 'work'
      ? world.scenario.work.priorities
      : target === 'news'
        ? world.scenario.news.priorities
        : 1;
  const draft = (): Draft => ({
    key: client.newKey(),
    attributes: { colour: chance.pick(COLOURS) },
    priority: chance.below(priorities),
    ...(chance.happens(0.6) ? { group: `${name}/${chance.below(2)}` } : {}),
    ...(chance.happens(0.1) ? { delaySeconds: chance.pick([0.2, 1, 70]) } : {}),
    ...(chance.happens(0.05) ? { expiresInSeconds: chance.pick([0.3, 30]) } : {}),
  });
  while (await client.next()) {
    const drafts = Array.from({ length: chance.happens(0.8) ? 1 : 1 + chance.below(5) }, draft);
    if (chance.happens(0.7)) {
      await client.publish(target, drafts);
      continue;
    }
    // As a careful producer does: again with the same dedupIds until it is told an outcome; sometimes once too often.
    const named = drafts.map((each) => ({ ...each, dedupId: `dedup ${each.key}` }));
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const [answer] = await Promise.all(
        Array.from({ length: chance.happens(0.2) ? 2 : 1 }, () => client.publish(target, named)),
      );
      if (answer?.kind === 'done' && chance.happens(0.7)) break;
      if (!(await client.next())) break;
    }
  }
}

/** Receives under a lease and settles, mostly as it should. */
export async function consume(world: World, source: SourceName, name: string): Promise<void> {
  const client = new Client(world, name);
  const { chance } = client;
  let acks: string[] = [];
  while (await client.next()) {
    const attemptId = chance.happens(0.15) ? `attempt ${client.newKey()}` : undefined;
    const receiving = {
      max: chance.pick([1, 1, 3, 10]),
      waitSeconds: chance.pick([0, 0, 0.5, 5]),
      leaseSeconds: chance.pick([0.3, 1, 1, 8]),
      autoAck: attemptId === undefined && chance.happens(0.1),
      ...(attemptId === undefined ? {} : { attemptId }),
      ...(acks.length === 0 ? {} : { ack: acks }),
      ...(chance.happens(0.08) ? { leaveAfterMs: chance.around(50) } : {}),
    };
    acks = [];
    let messages = await client.receive(source, receiving);
    if (attemptId !== undefined && (messages.length === 0 || chance.happens(0.3)))
      messages = await client.receive(source, { ...receiving, waitSeconds: 0, ack: [] });
    if (receiving.autoAck || messages.length === 0) continue;
    if (chance.happens(0.3)) await world.time.sleep(chance.around(500));
    if (chance.happens(0.2)) acks = messages.map(({ receipt }) => receipt);
    else await settleSomehow(client, source, messages);
  }
}

async function settleSomehow(
  client: Client,
  source: SourceName,
  messages: readonly ReceivedMessage[],
): Promise<void> {
  const { chance, world } = client;
  const receipts = messages.map(({ receipt }) => receipt);
  const luck = chance.fraction();
  if (luck < 0.12) return;
  if (luck < 0.24) {
    await client.settle(source, { kind: 'nack', delaySeconds: chance.pick([0, 0, 0.3]) }, receipts);
    return;
  }
  if (luck < 0.29) {
    await client.settle(source, { kind: 'reject', reason: 'no use' }, receipts.slice(0, 1));
    return;
  }
  if (luck < 0.36) {
    await client.settle(source, { kind: 'extend', leaseSeconds: chance.pick([0.5, 3]) }, receipts);
    await world.time.sleep(chance.around(300));
  }
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const answer = await client.settle(source, { kind: 'ack' }, receipts);
    if (answer.kind === 'done' && chance.happens(0.9)) return;
  }
}

/** Takes from `input` and puts what it makes of it into `output`, exactly once. */
export async function transform(world: World, name: string): Promise<void> {
  const client = new Client(world, name);
  const { chance } = client;
  while (await client.next()) {
    const [message] = await client.receive('input', {
      waitSeconds: chance.pick([0, 1]),
      leaseSeconds: chance.pick([0.5, 3]),
    });
    if (message === undefined) continue;
    if (chance.happens(0.15)) {
      await client.settle('input', { kind: 'nack', delaySeconds: 0 }, [message.receipt]);
      continue;
    }
    const key = message.body.toString();
    const made = { key: `made of ${key}`, attributes: {}, priority: 0 };
    const publishes = [
      { target: 'output' as const, drafts: [made] },
      { target: 'feed' as const, drafts: [{ ...made, key: `told of ${key}` }] },
    ];
    const id = chance.happens(0.7) ? `transaction ${client.newKey()}` : undefined;
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const answer = await client.transact('input', message.receipt, publishes, id);
      if (answer.kind === 'done' || (answer.kind === 'unknown' && id === undefined)) break;
      if (answer.kind === 'refused' && answer.code === 'transaction-aborted') break;
      await world.time.sleep(chance.around(200));
    }
  }
}

/** Publishes to a queue that others like it purge, delete and make anew meanwhile. */
export async function scratch(world: World, name: string): Promise<void> {
  const client = new Client(world, name);
  const { chance } = client;
  const { managements } = world.ledger;
  while (await client.next()) {
    const luck = chance.fraction();
    if (luck < 0.45) {
      await client.publish('scratch', [{ key: client.newKey(), attributes: {}, priority: 0 }]);
      continue;
    }
    if (luck < 0.7) {
      const messages = await client.receive('scratch', { max: 2, leaseSeconds: 1 });
      const receipts = messages.map(({ receipt }) => receipt);
      if (receipts.length > 0) await client.settle('scratch', { kind: 'ack' }, receipts);
      continue;
    }
    const verb = luck < 0.8 ? 'purge' : luck < 0.9 ? 'delete' : 'create';
    const { answer, span } = await world.ask<unknown>(
      client.gateway,
      (broker, call) => {
        if (verb === 'purge') return broker.purge(SOURCES.scratch, call);
        if (verb === 'delete') return broker.delete(TARGETS.scratch, {}, call);
        const leaseSeconds = chance.between(1, 100);
        return broker.put(TARGETS.scratch, { ...PLAIN_QUEUE, leaseSeconds }, {}, call);
      },
      { name: `${verb} of scratch` },
    );
    const code = answer.kind === 'refused' ? { code: answer.code } : {};
    managements.push({ resource: 'scratch', verb, kind: answer.kind, ...code, ...span });
  }
}

/**
 * Makes a subscription that nobody else knows of, uses it, and deletes it again: each request is at a gateway that may not
 * have heard of the one before, and yet finds what is there, and nothing else.
 */
export async function visit(world: World): Promise<void> {
  const { topic, name } = VISITOR;
  const client = new Client(world, name);
  const { chance } = client;
  const source = { kind: 'topic', name: topic, subscription: name } as const;
  const config = { ...PLAIN_SUBSCRIPTION, startFrom: 'latest' } as const;
  let state: 'there' | 'missing' | 'unknown' = 'missing';
  const change = async (to: 'there' | 'missing') => {
    const act = async (broker: Broker, call: Call) => {
      await (to === 'there' ? broker.put(VISITOR, config, {}, call) : broker.delete(VISITOR, {}, call));
    };
    const { answer } = await world.ask(client.gateway, act, { name: `changing ${name}` });
    if (answer.kind === 'done') state = to;
    else if (answer.kind === 'unknown') state = 'unknown';
  };
  const look = async (gateway: SimulatedGateway) => {
    const request = { max: 10, waitSeconds: 0, autoAck: chance.happens(0.5) };
    const act = async (broker: Broker, call: Call) => {
      await (chance.happens(0.7) ? broker.receive(source, request, call) : broker.get(VISITOR, call));
    };
    const { answer } = await world.ask(gateway, act, { name: `looking at ${name}` });
    const isMissing = answer.kind === 'refused' && answer.code === 'not-found';
    if (state === 'there' && isMissing) world.ledger.defects.push(`${name} was called missing`);
    if (state === 'missing' && answer.kind === 'done') world.ledger.defects.push(`${name} was not deleted`);
  };
  while (await client.next()) {
    if (chance.happens(0.5)) await change(state === 'missing' ? 'there' : 'missing');
    // All at once, and without delay: one of them may not have heard of it.
    await Promise.all(world.gateways.map(look));
  }
}

/** Looks at everything, and moves dead letters back now and then. */
export async function operate(world: World, name: string): Promise<void> {
  const client = new Client(world, name);
  const { chance } = client;
  while (await client.next()) {
    const source = chance.pick(['work', 'dead', 'input', 'output', 'all', 'some', 'left'] as const);
    const luck = chance.fraction();
    if (luck < 0.15) {
      const { answer, span } = await world.ask(
        client.gateway,
        (broker, call) => broker.redrive('dead', { max: chance.pick([1, 100]) }, call),
        { name: 'redriving' },
      );
      const moved = answer.kind === 'done' ? { moved: answer.value } : {};
      const { kind } = answer;
      world.ledger.managements.push({ resource: 'dead', verb: 'redrive', kind, ...moved, ...span });
    } else if (luck < 0.5) {
      await world.ask(client.gateway, (broker, call) => broker.peek(SOURCES[source], { limit: 100 }, call), {
        name: `peeking at ${source}`,
      });
    } else {
      await world.ask(client.gateway, (broker, call) => broker.get(TARGETS[targetOf(source)], call), {
        name: `statistics of ${source}`,
      });
    }
  }
}
