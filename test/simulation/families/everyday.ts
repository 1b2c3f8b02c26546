/** The everyday run: many clients of many kinds at a few queues and topics, and whatever befalls them. */
import { consume, operate, produce, scratch, transform, visit } from '../actors.ts';
import { Client } from '../client.ts';
import { endRun } from '../ending.ts';
import { Facts } from '../facts.ts';
import { absenceViolations } from '../rules/absence.ts';
import { accountingViolations } from '../rules/accounting.ts';
import { leaseViolations } from '../rules/leases.ts';
import { orderViolations } from '../rules/order.ts';
import { scratchedViolations } from '../rules/scratched.ts';
import { PLAIN_QUEUE } from '../scenario.ts';
import { TARGETS, type World } from '../world.ts';
import type { Family } from './family.ts';

export const everyday: Family = {
  name: 'everyday',
  stage: (world) => ({
    prepare: () => prepare(world),
    clients: () => clientsOf(world),
    end: async () => [...(await endRun(world)), ...judged(world)],
  }),
};

function judged({ ledger, scenario }: World): string[] {
  const facts = new Facts(ledger, scenario);
  return [
    ...accountingViolations(facts),
    ...leaseViolations(facts),
    ...orderViolations(facts),
    ...absenceViolations(facts),
    ...scratchedViolations(facts),
  ];
}

async function prepare(world: World): Promise<void> {
  const client = new Client(world, 'preparation');
  const { scenario } = world;
  const queues = { dead: PLAIN_QUEUE, work: scenario.work, input: PLAIN_QUEUE, output: PLAIN_QUEUE };
  for (const [name, config] of Object.entries({ ...queues, scratch: PLAIN_QUEUE }))
    await client.make({ kind: 'queue', name }, config);
  for (const topic of ['news', 'feed'] as const) await client.make(TARGETS[topic], scenario[topic]);
  const subscriptions = { all: 'news', some: 'news', left: 'feed', right: 'feed' } as const;
  for (const [name, topic] of Object.entries(subscriptions))
    await client.make({ kind: 'subscription', topic, name }, scenario[name as keyof typeof subscriptions]);
}

function clientsOf(world: World): Promise<void>[] {
  return [
    produce(world, 'work', 'worker'),
    produce(world, 'work', 'other worker'),
    produce(world, 'input', 'source'),
    produce(world, 'news', 'reporter'),
    produce(world, 'feed', 'feeder'),
    consume(world, 'work', 'first of work'),
    consume(world, 'work', 'second of work'),
    consume(world, 'dead', 'undertaker'),
    consume(world, 'all', 'reader of all'),
    consume(world, 'some', 'reader of some'),
    consume(world, 'left', 'left hand'),
    consume(world, 'right', 'right hand'),
    consume(world, 'output', 'customer'),
    transform(world, 'first transformer'),
    transform(world, 'second transformer'),
    scratch(world, 'scratcher'),
    scratch(world, 'other scratcher'),
    visit(world),
    operate(world, 'operator'),
  ];
}
