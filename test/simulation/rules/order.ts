/** Where order is promised, nobody gets a message while an earlier one of its group is not done with. */
import { groupBy } from '../../support/group-by.ts';
import { type Facts, fencingOf, mayBeDone, type Story } from '../facts.ts';
import type { Delivery } from '../ledger.ts';
import type { SourceName } from '../world.ts';

export function orderViolations(facts: Facts): string[] {
  const { work, all, some, left, news } = facts.scenario;
  const orderings = { work: work.ordering, all: all.ordering, some: some.ordering, left: left.ordering };
  return Object.entries(orderings).flatMap(([name, ordering]) => {
    const source = name as SourceName;
    if (ordering === 'none') return [];
    const priorities = source === 'work' ? work.priorities : source === 'left' ? 1 : news.priorities;
    const groups = groupBy(
      facts.storiesOf(source).filter((story) => story.certain && !story.delayed && !story.mortal),
      ({ attempts: [first] }) => {
        // A higher priority goes first, so only those of one level have an order.
        const level = priorities === 1 ? '' : String(first?.priority);
        return ordering === 'strict' ? level : `${level} ${first?.group}`;
      },
    );
    const ordered = [...groups].filter(([group]) => ordering === 'strict' || !group.endsWith('undefined'));
    const found = ordered.flatMap(([, stories]) => outOfOrder(facts, source, stories));
    return ordering === 'strict' ? [...found, ...severalInFlight(facts, source)] : found;
  });
}

function outOfOrder(facts: Facts, source: SourceName, stories: readonly Story[]): string[] {
  const found: string[] = [];
  const hasUntoldTakes = facts.untold(source).some(({ autoAck }) => autoAck);
  for (const earlier of stories) {
    const given = facts.deliveries(source, earlier.key);
    const isMoved = facts.mayHaveDied(source, earlier.key);
    if (isMoved || (given.length === 0 && hasUntoldTakes)) continue;
    for (const later of stories) {
      if (!isBefore(earlier, later)) continue;
      for (const delivery of facts.deliveries(source, later.key)) {
        if (!isFreeFor(facts, given, delivery, hasUntoldTakes))
          found.push(`${later.key} was delivered at ${source} before ${earlier.key} was done with`);
      }
    }
  }
  return found;
}

/** Whether one was stored before the other for certain. */
function isBefore(earlier: Story, later: Story): boolean {
  if (earlier.storedByMs <= later.storedFromMs) return true;
  const [one] = earlier.attempts;
  const [other] = later.attempts;
  const isOneRequest =
    one?.request === other?.request && earlier.attempts.length === 1 && later.attempts.length === 1;
  return isOneRequest && earlier !== later && placeOf(earlier) < placeOf(later);
}

/** Within one request, keys are numbered. */
function placeOf({ key }: Story): number {
  return Number(key.slice(key.lastIndexOf('-') + 1));
}

/** Every delivery of the earlier message is in the same answer before this one, or done with by then. */
function isFreeFor(
  facts: Facts,
  given: readonly Delivery[],
  delivery: Delivery,
  hasUntoldTakes: boolean,
): boolean {
  const fence = fencingOf(delivery);
  const last = given.findLast((each) => fencingOf(each) <= fence);
  if (last === undefined) return false;
  if (fencingOf(last) === fence) return last.index < delivery.index;
  return (hasUntoldTakes || mayBeDone(facts, last, delivery.toldMs)) && given.at(-1) === last;
}

/** In a strict queue one message is in flight at a time. */
function severalInFlight(facts: Facts, source: SourceName): string[] {
  const deliveries = facts
    .deliveredAt(source)
    .flat()
    .sort((a, b) => (fencingOf(a) < fencingOf(b) ? -1 : 1));
  const found: string[] = [];
  deliveries.forEach((next, index) => {
    const held = deliveries[index - 1];
    if (held === undefined || held.key === next.key) return;
    const settles = facts.settles(held.message.receipt);
    const isOver =
      held.autoAck ||
      settles.some(
        ({ outcome, askedMs }) => outcome !== 'refused' && outcome !== 'lost' && askedMs <= next.toldMs,
      );
    // The gateway that gave this one out may know less of the clock than the one that found the other's lease ended.
    if (!isOver && next.maxClockMs < held.message.leaseExpiresAtMs)
      found.push(`${next.key} was leased at ${source} while ${held.key} was`);
  });
  return found;
}
