/** The ledger, arranged for the rules: what was published under each key, and what became of it at each source. */

import { groupBy } from '../support/group-by.ts';
import type { Delivery, Ledger, Publish, Receive, Settle } from './ledger.ts';
import { FILTER, type Scenario } from './scenario.ts';
import { SOURCES, type SourceName, type TargetName, targetOf } from './world.ts';

/** All attempts to publish one key to one target. */
export interface Story {
  readonly key: string;
  readonly target: TargetName;
  readonly attempts: readonly Publish[];
  /** At least one attempt was answered as stored. */
  readonly certain: boolean;
  /** At least one attempt may have stored it. */
  readonly possible: boolean;
  /** It was stored at this instant at the latest, and at the earliest. Infinite when it may not have been. */
  readonly storedByMs: number;
  readonly storedFromMs: number;
  /** It may have been dropped by its age. */
  readonly mortal: boolean;
  readonly delayed: boolean;
}

export class Facts {
  readonly ledger: Ledger;
  readonly scenario: Scenario;
  readonly stories: readonly Story[];
  readonly #deliveries = new Map<string, Delivery[]>();
  readonly #settles: ReadonlyMap<string, Settle[]>;
  readonly #mayHaveRedriven: boolean;
  readonly #stories = new Map<string, Story>();

  constructor(ledger: Ledger, scenario: Scenario) {
    this.ledger = ledger;
    this.#mayHaveRedriven = ledger.managements.some(
      ({ verb, kind, moved }) => verb === 'redrive' && kind !== 'refused' && moved !== 0,
    );
    this.scenario = scenario;
    const attempts = groupBy(ledger.publishes, ({ target, key }) => `${target} ${key}`);
    this.stories = [...attempts.values()].map((each) => storyOf(each, scenario));
    for (const story of this.stories) this.#stories.set(`${story.target} ${story.key}`, story);
    for (const [name, deliveries] of groupBy(ledger.deliveries, ({ source, key }) => `${source} ${key}`))
      this.#deliveries.set(name, inLeaseOrder(deliveries));
    this.#settles = groupBy(ledger.settles, ({ receipt }) => receipt);
  }

  story(target: string, key: string): Story | undefined {
    return this.#stories.get(`${target} ${key}`);
  }

  /** One for each lease, in the order of the leases; a repeated attempt's second answer is no lease of its own. */
  deliveries(source: SourceName, key: string): readonly Delivery[] {
    return this.#deliveries.get(`${source} ${key}`) ?? [];
  }

  /** Of all keys that were delivered at the source. */
  deliveredAt(source: SourceName): readonly (readonly Delivery[])[] {
    const found = [...this.#deliveries].filter(([name]) => name.startsWith(`${source} `));
    return found.map(([, deliveries]) => deliveries);
  }

  /**
   * The message may have been to the dead letters, and may have come back from there as a new one; after a redrive also
   * to the dead letters themselves, when it has died again.
   */
  mayHaveDied(source: SourceName, key: string): boolean {
    if (source === 'dead') return this.#mayHaveRedriven;
    if (source !== 'work') return false;
    return this.#mayHaveRedriven || this.deliveries('dead', key).length > 0;
  }

  settles(receipt: string): readonly Settle[] {
    return this.#settles.get(receipt) ?? [];
  }

  /** Receives whose answer was lost, which may have taken something along. */
  untold(source: SourceName): readonly Receive[] {
    return this.ledger.receives.filter((receive) => receive.source === source && receive.kind === 'unknown');
  }

  storiesOf(source: SourceName): readonly Story[] {
    const target = targetOf(source);
    const wanted = ({ attempts }: Story) =>
      source !== 'some' || FILTER.colour.some((colour) => attempts[0]?.attributes.colour === colour);
    return this.stories.filter((story) => story.target === target && wanted(story));
  }
}

export const SOURCE_NAMES = Object.keys(SOURCES) as SourceName[];

export function fencingOf(delivery: Delivery): bigint {
  return BigInt(delivery.message.fencingToken);
}

/** Whether the message may have left its source for good before `atMs` because of what its holder asked for. */
export function mayBeDone(facts: Facts, delivery: Delivery, atMs: number): boolean {
  if (delivery.autoAck) return true;
  return facts
    .settles(delivery.message.receipt)
    .some(
      ({ verb, outcome, askedMs }) =>
        (verb === 'ack' || verb === 'reject') &&
        (outcome === 'ok' || outcome === 'unknown') &&
        askedMs <= atMs,
    );
}

function storyOf(attempts: readonly Publish[], scenario: Scenario): Story {
  const [first] = attempts as [Publish];
  const done = attempts.filter(({ kind }) => kind === 'done');
  const possible = attempts.filter(({ kind }) => kind !== 'refused');
  const ttl = first.target === 'work' ? scenario.work.messageTtlSeconds : undefined;
  const delay = first.delaySeconds ?? (first.target === 'work' ? scenario.work.delaySeconds : 0);
  return {
    key: first.key,
    target: first.target as TargetName,
    attempts,
    certain: done.length > 0,
    possible: possible.length > 0,
    storedByMs: Math.min(...done.map(({ toldMs }) => toldMs)),
    storedFromMs: Math.min(...possible.map(({ askedMs }) => askedMs)),
    mortal: first.expiresInSeconds !== undefined || ttl !== undefined,
    delayed: delay > 0,
  };
}

function inLeaseOrder(deliveries: readonly Delivery[]): Delivery[] {
  const byReceipt = new Map<string, Delivery>();
  for (const delivery of deliveries) {
    const { receipt } = delivery.message;
    if (!byReceipt.has(receipt)) byReceipt.set(receipt, delivery);
  }
  return [...byReceipt.values()].sort((a, b) =>
    fencingOf(a) === fencingOf(b) ? a.index - b.index : fencingOf(a) < fencingOf(b) ? -1 : 1,
  );
}
