/**
 * When messages entered a log, by the leader's clock: the creation of their entry, and of its segment. A message's own
 * `publishedAt` tells something else: it may have waited for its time, or have come from another queue.
 */
import type { LogPosition } from '../model/position.ts';
import type { EntrySlot } from '../model/segment.ts';
import type { Store } from '../zookeeper/store.ts';
import type { Segment } from './known-segments.ts';
import type { Log } from './log.ts';

/** In ms since 1970; undefined when it has been trimmed. One read. Rejects with a StoreError. */
export async function appendedAtMs(
  store: Store,
  log: Log,
  segment: number,
  slot: EntrySlot,
): Promise<number | undefined> {
  return (await store.stat(log.entryPath(segment, slot)))?.ctimeMs;
}

/**
 * The first message that entered a refreshed log at or after an instant, by bisection over segments and then entries.
 * Headers tell when their segment was begun even when nothing else is left of it. Rejects with a StoreError.
 *
 * @param open the log's open segment
 */
export async function positionAt(store: Store, log: Log, open: Segment, atMs: number): Promise<LogPosition> {
  const isSegmentBefore = async (number: number) =>
    isBefore((await store.stat(log.path(number)))?.ctimeMs, atMs);
  // All before this one were sealed before the instant, all behind it begun later.
  const number = Math.max(log.first, (await firstNot(log.first, open.number + 1, isSegmentBefore)) - 1);
  const segment = await log.segment(number);
  if (segment === undefined || segment.header.state === 'trimmed') return { segment: number + 1, offset: 0 };
  const { slots } = segment;
  const isEntryBefore = async (index: number) =>
    isBefore(await appendedAtMs(store, log, number, slots[index] as EntrySlot), atMs);
  const slot = slots[await firstNot(0, slots.length, isEntryBefore)];
  return { segment: number, offset: slot?.start ?? segment.end };
}

/** What has gone meanwhile was older than what is there. */
function isBefore(createdAtMs: number | undefined, atMs: number): boolean {
  return createdAtMs === undefined || createdAtMs < atMs;
}

/** The first number from `low` on that is not, or `high`, when all that are come before all that are not. */
async function firstNot(low: number, high: number, is: (n: number) => Promise<boolean>): Promise<number> {
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await is(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
