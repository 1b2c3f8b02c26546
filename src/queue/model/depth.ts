/** Counting what is pending in a page. Pure. */

import { stateOf } from './lease.ts';
import { isPending, type Page } from './page.ts';
import type { EntrySlot } from './segment.ts';
import type { MessageState } from './vocabulary.ts';

export interface Depth {
  readonly ready: number;
  readonly leased: number;
  readonly delayed: number;
}

/** A range of pending messages that are in the same state. */
export interface PendingRange {
  readonly start: number;
  readonly end: number;
  readonly state: MessageState;
  readonly deliveries: number;
  readonly untilMs: number;
}

/** What is pending in a segment of `end` messages, in order. */
export function pendingRanges(page: Page, end: number, nowMs: number): PendingRange[] {
  const ranges = page.runs.filter(isPending).map(
    (run): PendingRange => ({
      start: run.start,
      end: run.start + run.length,
      state: stateOf(run, nowMs),
      deliveries: run.deliveries,
      untilMs: run.untilMs,
    }),
  );
  if (page.frontier < end)
    ranges.push({ start: page.frontier, end, state: 'ready', deliveries: 0, untilMs: 0 });
  return ranges;
}

export function depthOf(ranges: readonly PendingRange[]): Depth {
  const depth = { ready: 0, leased: 0, delayed: 0 };
  for (const range of ranges) depth[range.state] += range.end - range.start;
  return depth;
}

/** Which entries the ranges cover, and how far: whole entries are known by their names, parts must be looked into. */
export function coverage(slots: readonly EntrySlot[], ranges: readonly PendingRange[]) {
  let wholeBytes = 0;
  const parts: { slot: EntrySlot; offsets: number[] }[] = [];
  for (const slot of slots) {
    const offsets: number[] = [];
    for (const range of ranges) {
      const from = Math.max(slot.start, range.start);
      const to = Math.min(slot.start + slot.count, range.end);
      for (let offset = from; offset < to; offset += 1) offsets.push(offset);
    }
    if (offsets.length === slot.count) wholeBytes += slot.bytes;
    else if (offsets.length > 0) parts.push({ slot, offsets });
  }
  return { wholeBytes, parts };
}
