/**
 * Finds in a recorded history what a queue must never do. Pure; every rule has a planted violation in
 * `test/unit/support/history-checker.test.ts` that shows it go red.
 *
 * Leases are put in order by their fencing tokens, which are the order of the ensemble's writes. The times of leases
 * are the gateways' own statements by the ensemble's clock, so comparing two of them needs no allowance; only what is
 * compared with the clients' clock gets one.
 */
import { groupBy } from './group-by.ts';
import type { Delivery, History, Settle } from './history.ts';

/** For the time that an answer takes, and for a gateway's clock being behind the leader's by a write's latency. */
const clockToleranceMs = 2_000;

/** What is wrong with the history, in sentences; empty when nothing is. */
export function violations(history: Pick<History, 'publishes' | 'deliveries' | 'settles'>): string[] {
  const deliveriesOf = groupBy(history.deliveries, ({ key }) => key);
  const settlesOf = groupBy(history.settles, ({ receipt }) => receipt);
  const found: string[] = [];
  for (const { key, kind, id } of history.publishes) {
    const deliveries = deliveriesOf.get(key) ?? [];
    if (kind === 'refused' && deliveries.length > 0) found.push(`${key} was refused and appeared later`);
    if (kind === 'done' && deliveries.length === 0) found.push(`${key} was answered 201 and never delivered`);
    if (kind === 'done' && !isAcked(deliveries, settlesOf))
      found.push(`${key} was answered 201, never acked`);
    const ids = new Set(deliveries.map((delivery) => delivery.id));
    if (id !== undefined) ids.add(id);
    if (ids.size > 1) found.push(`${key} was stored ${ids.size} times: ${[...ids].join(', ')}`);
  }
  const published = new Set(history.publishes.map(({ key }) => key));
  for (const [key, deliveries] of deliveriesOf) {
    if (!published.has(key)) found.push(`${key} was delivered and never published`);
    const ordered = deliveries.toSorted((a, b) => (a.fencingToken < b.fencingToken ? -1 : 1));
    found.push(...leaseViolations(key, ordered, settlesOf), ...ackViolations(key, ordered, settlesOf));
  }
  for (const delivery of history.deliveries) {
    found.push(...outcomeViolations(delivery, settlesOf.get(delivery.receipt) ?? []));
  }
  return found;
}

type SettlesByReceipt = ReadonlyMap<string, readonly Settle[]>;

function isAcked(deliveries: readonly Delivery[], settlesOf: SettlesByReceipt): boolean {
  return deliveries.some(({ receipt }) =>
    settlesOf.get(receipt)?.some(({ verb, outcome }) => verb === 'ack' && outcome === 'ok'),
  );
}

/** A lease begins only after the one before it has ended: by its time, or because its holder gave it up. */
function leaseViolations(key: string, ordered: readonly Delivery[], settlesOf: SettlesByReceipt): string[] {
  const found: string[] = [];
  ordered.forEach((next, index) => {
    const held = ordered[index - 1];
    if (held === undefined) return;
    if (next.fencingToken === held.fencingToken) found.push(`${key} was given out twice by one lease`);
    if (next.deliveries <= held.deliveries)
      found.push(`${key} counted ${next.deliveries} deliveries after ${held.deliveries}`);
    const settles = settlesOf.get(held.receipt) ?? [];
    const givenUp = settles.some(
      ({ verb, outcome, askedMs }) =>
        verb === 'nack' && askedMs <= next.toldMs && (outcome === 'ok' || outcome === 'unknown'),
    );
    if (!givenUp && next.leasedMs < endOf(held, settles))
      found.push(`${key} was leased again ${endOf(held, settles) - next.leasedMs} ms before its lease ended`);
  });
  return found;
}

/** When a lease that nobody gives up ends at the earliest, by the ensemble's clock. */
function endOf(held: Delivery, settles: readonly Settle[]): number {
  const extends_ = settles.filter(({ verb }) => verb === 'extend');
  const confirmed = extends_.filter(({ outcome }) => outcome === 'ok').at(-1);
  if (confirmed?.leaseMs !== undefined) return confirmed.askedMs + confirmed.leaseMs - clockToleranceMs;
  // One that may or may not have taken effect may have made the lease shorter as well.
  return extends_.some(({ outcome }) => outcome === 'unknown') ? held.leasedMs : held.expiresMs;
}

/** What was confirmed as acked never comes again. */
function ackViolations(key: string, ordered: readonly Delivery[], settlesOf: SettlesByReceipt): string[] {
  const found: string[] = [];
  const acks = (delivery: Delivery) =>
    (settlesOf.get(delivery.receipt) ?? []).filter(({ verb }) => verb === 'ack');
  ordered.forEach((delivery, index) => {
    const confirmed = acks(delivery).find(({ outcome }) => outcome === 'ok');
    if (confirmed === undefined) return;
    const later = ordered.slice(index + 1);
    // An ack of an old receipt is also `ok` when a later holder's ack, known to its client or not, came before.
    const mayBeDoneByLater = later.some((other) =>
      acks(other).some(({ outcome, askedMs }) => outcome !== 'refused' && askedMs <= confirmed.toldMs),
    );
    if (later.length > 0 && !mayBeDoneByLater) found.push(`${key} was leased again after its confirmed ack`);
    if (ordered.some(({ askedMs }) => askedMs > confirmed.toldMs))
      found.push(`${key} was delivered to a receive that began after its confirmed ack`);
  });
  return found;
}

/** A holder whose lease still runs, and who has not given it up, is never told that it is lost. */
function outcomeViolations(delivery: Delivery, settles: readonly Settle[]): string[] {
  const found: string[] = [];
  settles.forEach((settle, index) => {
    if (settle.outcome === 'invalid') found.push(`a receipt of ${delivery.key} was called invalid`);
    if (settle.outcome !== 'lost') return;
    const before = settles.slice(0, index).filter(({ outcome }) => outcome !== 'refused');
    const endsMs = Math.min(delivery.expiresMs - clockToleranceMs, endOf(delivery, before));
    const isOwnDoing = before.some(({ verb }) => verb !== 'extend');
    if (!isOwnDoing && settle.toldMs < endsMs)
      found.push(`the lease of ${delivery.key} was called lost ${endsMs - settle.toldMs} ms before its end`);
  });
  return found;
}
