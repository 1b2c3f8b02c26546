/**
 * One run: a cluster in virtual time, its clients, what befalls it, and what the rules say of it. The same seed gives
 * the same run, to the last message.
 */
import { Chance } from './chance.ts';
import type { Family } from './families/family.ts';
import { familyOf } from './families/index.ts';
import { heal, planFaults } from './faults.ts';
import { leaveAlone, sent } from './meter.ts';
import { costViolations, idlenessViolations } from './rules/frugality.ts';
import { World } from './world.ts';

export interface Run {
  readonly seed: string;
  readonly family: string;
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

export async function simulate(seed: string): Promise<Run> {
  const family = familyOf(seed);
  const needs = family.cluster?.(new Chance(seed).derive('cluster'));
  return simulateWorld(new World(seed, needs), family);
}

/** As `simulate`, for looking into the world afterwards. */
export async function simulateWorld(world: World, family: Family): Promise<Run> {
  const { time, ledger, scenario } = world;
  const stage = family.stage(world);
  let faults: string[] = [];
  let ended = false;
  const story = async () => {
    await ready(world);
    await stage.prepare();
    faults = planFaults(world, scenario.faults, BUSY_MS);
    await Promise.all(stage.clients());
    const { reads } = sent(world);
    if (world.calm) ledger.defects.push(...costViolations(reads, scenario.operations - world.remaining));
    await time.sleep(5_000);
    heal(world);
    await ready(world);
    world.calm = true;
    ledger.defects.push(...(await stage.end()));
    ledger.defects.push(...idlenessViolations(await leaveAlone(world)));
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
    family: family.name,
    violations: ledger.defects,
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

async function ready({ time, gateways }: World): Promise<void> {
  while (!gateways.every((gateway) => gateway.ready)) await time.sleep(20);
}
