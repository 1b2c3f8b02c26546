/** At any time at most one lease on a message is valid, and what was acked never comes again. */
import { type Facts, fencingOf, mayBeDone, SOURCE_NAMES } from '../facts.ts';
import { ANSWER_MS, type Delivery, type Settle } from '../ledger.ts';
import type { SourceName } from '../world.ts';

export function leaseViolations(facts: Facts): string[] {
  return SOURCE_NAMES.flatMap((source) =>
    facts
      .deliveredAt(source)
      .flatMap((deliveries) => [
        ...overlaps(facts, source, deliveries),
        ...comebacks(facts, source, deliveries),
        ...lostTooEarly(facts, source, deliveries),
      ]),
  );
}

/** A lease begins only after the one before it has ended: by its time, or because its holder gave it up. */
function overlaps(facts: Facts, source: SourceName, deliveries: readonly Delivery[]): string[] {
  const found: string[] = [];
  deliveries.forEach((next, index) => {
    const held = deliveries[index - 1];
    if (held === undefined) return;
    if (source === 'scratch' && mayBePurged(facts, held, next)) return;
    const name = `${next.key} at ${source}`;
    if (fencingOf(next) === fencingOf(held)) found.push(`${name} was given out twice by one lease`);
    // A message that was dead and moved back begins anew.
    const isAnew = next.message.deliveries === 1 && facts.mayHaveDied(source, next.key);
    if (next.message.deliveries <= held.message.deliveries && !isAnew)
      found.push(`${name} counted ${next.message.deliveries} deliveries after ${held.message.deliveries}`);
    const settles = facts.settles(held.message.receipt);
    const isGivenUp = settles.some(
      ({ verb, outcome, askedMs }) =>
        (verb === 'nack' || verb === 'reject') &&
        askedMs <= next.toldMs &&
        (outcome === 'ok' || outcome === 'unknown'),
    );
    const endMs = endOf(held, settles);
    const leasedByMs = mayHaveBeenGivenBack(facts, source, held, next) ? next.maxClockMs : next.leasedMs;
    if (!isGivenUp && leasedByMs < endMs)
      found.push(`${name} was leased again ${endMs - leasedByMs} ms before its lease ended`);
  });
  return found;
}

/**
 * Somebody who was never told may have been given the message when the lease had ended, and it went back when nobody
 * took the answer. The next gateway that gives it out need not have heard that the clock has jumped ahead by then.
 */
function mayHaveBeenGivenBack(facts: Facts, source: SourceName, held: Delivery, next: Delivery): boolean {
  return facts.untold(source).some(({ askedMs, toldMs }) => askedMs <= next.toldMs && toldMs >= held.askedMs);
}

/** A purge ends all leases, also of what came while it was under way, which it may leave to be delivered anew. */
function mayBePurged(facts: Facts, held: Delivery, next: Delivery): boolean {
  return facts.ledger.managements.some(
    ({ verb, kind, askedMs, toldMs }) =>
      verb === 'purge' && kind !== 'refused' && askedMs <= next.toldMs && toldMs >= held.askedMs,
  );
}

/** When a lease that nobody gives up ends at the earliest, by the leader's clock. */
function endOf(held: Delivery, settles: readonly Settle[]): number {
  const ends = settles
    .filter(({ verb, outcome }) => verb === 'extend' && outcome !== 'refused' && outcome !== 'lost')
    .map(({ minClockMs, leaseMs = 0 }) => minClockMs - ANSWER_MS + leaseMs);
  return Math.min(held.message.leaseExpiresAtMs, ...ends);
}

function comebacks(facts: Facts, source: SourceName, deliveries: readonly Delivery[]): string[] {
  const [{ key } = { key: '' }] = deliveries;
  // A receipt of before its way to `dead` and back is of a message that is long done, and acking that is `ok`.
  if (facts.mayHaveDied(source, key)) return [];
  const found: string[] = [];
  deliveries.forEach((delivery, index) => {
    const acks = facts.settles(delivery.message.receipt).filter(({ verb }) => verb === 'ack');
    const confirmed = acks.find(({ outcome }) => outcome === 'ok');
    if (confirmed === undefined) return;
    const name = `${key} at ${source}`;
    const later = deliveries.slice(index + 1);
    // An ack of an old receipt is also `ok` when a later holder's ack came before it.
    const isDoneByLater = later.some((other) => mayBeDone(facts, other, confirmed.toldMs));
    if (later.length > 0 && !isDoneByLater) found.push(`${name} was leased again after its confirmed ack`);
    for (const { askedMs } of deliveries)
      if (askedMs > confirmed.toldMs)
        found.push(`${name} was delivered to a receive after its confirmed ack`);
  });
  return found;
}

/** A holder whose lease still runs, and who has not given it up, is never told that it is lost. */
function lostTooEarly(facts: Facts, source: SourceName, deliveries: readonly Delivery[]): string[] {
  // Purged, deleted and made anew all the time.
  if (source === 'scratch') return [];
  const found: string[] = [];
  for (const delivery of deliveries) {
    const settles = facts.settles(delivery.message.receipt);
    settles.forEach((settle, index) => {
      const name = `the receipt of ${delivery.key} at ${source}`;
      if (settle.outcome === 'invalid') found.push(`${name} was called invalid`);
      if (settle.outcome !== 'lost' || delivery.autoAck) return;
      const before = settles.slice(0, index).filter(({ outcome }) => outcome !== 'refused');
      const isOwnDoing = settles.some(
        (other) =>
          other !== settle &&
          other.verb !== 'extend' &&
          other.outcome !== 'refused' &&
          other.askedMs <= settle.toldMs,
      );
      const endMs = endOf(delivery, before);
      if (!isOwnDoing && settle.maxClockMs < endMs)
        found.push(`${name} was called lost ${endMs - settle.maxClockMs} ms before its lease ended`);
    });
  }
  return found;
}
