/**
 * One run: a cluster in virtual time, its clients, what befalls it, and what the rules say of it. The same seed gives
 * the same run, to the last message.
 */
import { consume, operate, produce, scratch, transform, visit } from './actors.ts';
import { Client } from './client.ts';
import { endRun, must } from './ending.ts';
import { Facts } from './facts.ts';
import { heal, planFaults } from './faults.ts';
import { absenceViolations } from './rules/absence.ts';
import { accountingViolations } from './rules/accounting.ts';
import { leaseViolations } from './rules/leases.ts';
import { orderViolations } from './rules/order.ts';
import { scratchedViolations } from './rules/scratched.ts';
import { PLAIN_QUEUE } from './scenario.ts';
import { TARGETS, World } from './world.ts';

export interface Run {
  readonly seed: string;
  /** What must never happen, in sentences; empty when nothing did. */
  readonly violations: readonly string[];
  readonly faults: readonly string[];
  readonly counts: Readonly<
    Record<'events' | 'requests' | 'stored' | 'deliveries' | 'acked' | 'unknown', number>
  >;
  readonly virtualMs: number;
}

/** A run that has not ended by then never will. */
const LIMIT_MS = 4 * 3_600_000;
/** Most of a run's requests fall into this time. */
const BUSY_MS = 3_000;

export function simulate(seed: string): Promise<Run> {
  return simulateWorld(new World(seed));
}

/** As `simulate`, for looking into the world afterwards. */
export async function simulateWorld(world: World): Promise<Run> {
  const { time, ledger, scenario } = world;
  let faults: string[] = [];
  let ended = false;
  const story = async () => {
    await prepare(world);
    faults = planFaults(world, scenario.faults, BUSY_MS);
    await Promise.all(clientsOf(world));
    await time.sleep(5_000);
    heal(world);
    await ready(world);
    ledger.defects.push(...(await endRun(world)));
  };
  story()
    .catch((error: Error) => ledger.defects.push(`the run broke off: ${error.stack}`))
    .finally(() => {
      ended = true;
    });
  const events = await time.run(() => ended, LIMIT_MS);
  if (!ended) ledger.defects.push('some client waited for ever');
  const count = (items: readonly { kind?: string; outcome?: string }[], what: string) =>
    items.filter(({ kind, outcome }) => kind === what || outcome === what).length;
  return {
    seed: world.seed,
    violations: [...ledger.defects, ...judged(world)],
    faults,
    counts: {
      events,
      requests: scenario.operations - world.remaining,
      stored: count(ledger.publishes, 'done'),
      deliveries: ledger.deliveries.length,
      acked: count(ledger.settles, 'ok'),
      unknown: count(ledger.publishes, 'unknown') + count(ledger.settles, 'unknown'),
    },
    virtualMs: Math.round(time.nowMs),
  };
}

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
  await ready(world);
  const client = new Client(world, 'preparation');
  const { scenario } = world;
  const queues = { dead: PLAIN_QUEUE, work: scenario.work, input: PLAIN_QUEUE, output: PLAIN_QUEUE };
  for (const [name, config] of Object.entries({ ...queues, scratch: PLAIN_QUEUE }))
    await must(client, `making ${name}`, (broker, call) =>
      broker.put({ kind: 'queue', name }, config, {}, call),
    );
  for (const topic of ['news', 'feed'] as const)
    await must(client, `making ${topic}`, (broker, call) =>
      broker.put(TARGETS[topic], scenario[topic], {}, call),
    );
  const subscriptions = { all: 'news', some: 'news', left: 'feed', right: 'feed' } as const;
  for (const [name, topic] of Object.entries(subscriptions))
    await must(client, `making ${name}`, (broker, call) =>
      broker.put(
        { kind: 'subscription', topic, name },
        scenario[name as keyof typeof subscriptions],
        {},
        call,
      ),
    );
}

async function ready({ time, gateways }: World): Promise<void> {
  while (!gateways.every((gateway) => gateway.ready)) await time.sleep(20);
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
