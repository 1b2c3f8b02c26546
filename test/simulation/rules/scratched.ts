/** After a purge or deletion nothing is left of what was there before it. */
import { type Facts, mayBeDone } from '../facts.ts';

export function scratchedViolations(facts: Facts): string[] {
  const ends = facts.ledger.managements.filter(
    ({ verb, kind }) => (verb === 'purge' || verb === 'delete') && kind === 'done',
  );
  const found: string[] = [];
  for (const delivery of facts.deliveredAt('scratch').flat()) {
    const story = facts.story('scratch', delivery.key);
    // Stored, as far as its publisher can tell, before the purge was asked for.
    const isGone = ends.some(
      ({ askedMs, toldMs }) => (story?.storedByMs ?? 0) <= askedMs && delivery.askedMs >= toldMs,
    );
    if (isGone) found.push(`${delivery.key} was delivered after scratch was purged or deleted`);
  }
  return [...found, ...lostSince(facts)];
}

/** What was stored after the last purge or deletion, or while nobody knew of one, is there until it is done with. */
function lostSince(facts: Facts): string[] {
  const purges = facts.ledger.managements.filter(
    ({ verb, kind }) => (verb === 'purge' || verb === 'delete') && kind !== 'refused',
  );
  return facts
    .storiesOf('scratch')
    .filter(
      ({ certain, storedFromMs }) =>
        certain && purges.every(({ kind, toldMs }) => kind === 'done' && toldMs < storedFromMs),
    )
    .filter(
      ({ key }) =>
        !facts.deliveries('scratch', key).some((each) => mayBeDone(facts, each, Number.POSITIVE_INFINITY)),
    )
    .map(({ key }) => `${key} was stored in scratch and never delivered`);
}
