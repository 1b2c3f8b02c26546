/** A stream brings every message, in order, or tells of a gap; and of no gap where nothing is missing. */
import type { Sight } from '../families/stream-reader.ts';
import type { Publish } from '../ledger.ts';

/**
 * @param publishes of publishers that each wait for the answer before they publish again, with numbered keys
 * @param keepsAll nothing of it is ever trimmed
 */
export function contiguityViolations(
  reader: string,
  sights: readonly Sight[],
  publishes: readonly Publish[],
  keepsAll: boolean,
): string[] {
  const found: string[] = [];
  for (const [publisher, stored] of inOrder(publishes)) {
    const of = (sight: Sight) =>
      sight.kind === 'message' && publisherOf(sight.key) === publisher ? numberOf(sight.key) : undefined;
    /** The number of the last that was seen; undefined when anything may come next. */
    let last: number | undefined;
    let openedMs: number | undefined;
    const missing = (before: number) =>
      stored.filter(
        ({ number, askedMs }) =>
          number < before &&
          (last === undefined ? openedMs !== undefined && askedMs >= openedMs : number > last),
      );
    for (const sight of sights) {
      if (sight.kind === 'gap') [last, openedMs] = [undefined, undefined];
      if (sight.kind === 'open') [last, openedMs] = [undefined, sight.atMs];
      const number = of(sight);
      // One whose publisher was not told that it is stored may come late: the next did not wait for it.
      if (number === undefined || !stored.some((each) => each.number === number)) continue;
      if (last !== undefined && number <= last)
        found.push(`${reader} saw ${publisher}-${number} after ${publisher}-${last}`);
      const skipped = missing(number);
      if (skipped.length > 0)
        found.push(`${reader} saw ${publisher}-${number} without ${skipped.length} messages before it`);
      last = number;
    }
    const unseen = missing(Number.POSITIVE_INFINITY);
    if (unseen.length > 0) found.push(`${reader} never saw the last ${unseen.length} of ${publisher}`);
  }
  if (keepsAll && sights.some(({ kind }) => kind === 'gap'))
    found.push(`${reader} was told of a gap though nothing was missing`);
  return found;
}

/** What was stored for certain, by who published it. */
function inOrder(publishes: readonly Publish[]): Map<string, { number: number; askedMs: number }[]> {
  const byPublisher = new Map<string, { number: number; askedMs: number }[]>();
  for (const { key, kind, askedMs } of publishes) {
    if (kind !== 'done') continue;
    const known = byPublisher.get(publisherOf(key)) ?? [];
    byPublisher.set(publisherOf(key), known);
    known.push({ number: numberOf(key), askedMs });
  }
  return byPublisher;
}

function publisherOf(key: string): string {
  return key.slice(0, key.lastIndexOf('-'));
}

function numberOf(key: string): number {
  return Number(key.slice(key.lastIndexOf('-') + 1));
}
