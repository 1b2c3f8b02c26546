/** "There is nothing" is said only when there was nothing, and a repeated attempt is told the same again. */
import { groupBy } from '../../support/group-by.ts';
import { type Facts, SOURCE_NAMES } from '../facts.ts';
import type { Management, Receive } from '../ledger.ts';

/** A client that left may still be holding something for so long. */
const HELD_MS = 20_000;

export function absenceViolations(facts: Facts): string[] {
  return [...falseEmpties(facts), ...changedAttempts(facts), ...missingResources(facts)];
}

function falseEmpties(facts: Facts): string[] {
  const { scenario } = facts;
  const orderings: Readonly<Record<string, string>> = {
    work: scenario.work.ordering,
    all: scenario.all.ordering,
    some: scenario.some.ordering,
    left: scenario.left.ordering,
  };
  const found: string[] = [];
  for (const source of SOURCE_NAMES) {
    if (source === 'dead' || source === 'scratch' || (orderings[source] ?? 'none') !== 'none') continue;
    const receives = facts.ledger.receives.filter((receive) => receive.source === source);
    const untold = receives.filter(({ kind }) => kind === 'unknown');
    const stories = facts
      .storiesOf(source)
      .filter((story) => story.certain && !story.delayed && !story.mortal);
    for (const { askedMs, toldMs } of receives.filter(({ kind, count }) => kind === 'done' && count === 0)) {
      if (untold.some((other) => other.askedMs <= toldMs && other.toldMs + HELD_MS >= askedMs)) continue;
      for (const { key, storedByMs } of stories) {
        if (storedByMs > askedMs) continue;
        const [first] = facts.deliveries(source, key);
        if (first !== undefined && first.askedMs > toldMs && first.message.deliveries === 1)
          found.push(`${source} was called empty at ${Math.round(toldMs)} ms while ${key} was there`);
      }
    }
  }
  return found;
}

/** While its leases run, a repeated attempt is given the same messages with the same receipts. */
function changedAttempts(facts: Facts): string[] {
  const attempts = groupBy(
    facts.ledger.receives.filter(({ attemptId }) => attemptId !== undefined),
    ({ attemptId }) => attemptId ?? '',
  );
  const found: string[] = [];
  for (const [attemptId, receives] of attempts) {
    const [first, second] = receives as [Receive, Receive | undefined];
    if (second?.kind !== 'done' || first.kind !== 'done' || first.count === 0) continue;
    const given = facts.ledger.deliveries.filter((delivery) => delivery.attemptId === attemptId);
    const [before, after] = [first, second].map(({ askedMs }) =>
      given.filter((delivery) => delivery.askedMs === askedMs).map(({ message }) => message.receipt),
    ) as [string[], string[]];
    const isOver = given.some(({ message }) => message.leaseExpiresAtMs <= second.maxClockMs);
    if (!isOver && before.join() !== after.join())
      found.push(`${attemptId} was given other messages when it was repeated`);
  }
  return found;
}

/** Nothing but `scratch` is ever deleted. */
function missingResources(facts: Facts): string[] {
  const { publishes, receives, managements } = facts.ledger;
  const isMissing = ({ code }: { readonly code?: string }) => code === 'not-found';
  const others = publishes.filter(({ target }) => target !== 'scratch').filter(isMissing);
  const ofScratch = [
    ...publishes.filter(({ target }) => target === 'scratch'),
    ...receives.filter(({ source }) => source === 'scratch'),
    ...managements.filter(({ resource }) => resource === 'scratch'),
  ].filter(isMissing);
  return [
    ...others.map(({ target }) => `${target} was called missing`),
    ...ofScratch
      .filter(({ askedMs, toldMs }) => wasThere(managements, askedMs, toldMs))
      .map(({ toldMs }) => `scratch was called missing at ${Math.round(toldMs)} ms`),
  ];
}

/** Whether `scratch` was there all the time: made before, and by no means deleted since. */
function wasThere(managements: readonly Management[], fromMs: number, toMs: number): boolean {
  const deletions = managements.filter(({ verb, kind }) => verb === 'delete' && kind !== 'refused');
  const makings = managements.filter(({ verb, kind }) => verb === 'create' && kind === 'done');
  return [...makings, { askedMs: 0, toldMs: 0 }].some(
    (made) =>
      made.toldMs <= fromMs &&
      deletions.every(
        ({ kind, askedMs, toldMs }) => askedMs > toMs || (kind === 'done' && toldMs < made.askedMs),
      ),
  );
}
