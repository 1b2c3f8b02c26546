/**
 * Which scheduled entries are due, and what the schedule is without them: one hour and one minute are listed, however
 * many messages wait for later.
 */

import type { PackableMessage } from '../model/entry.ts';
import {
  EMPTY_SCHEDULE,
  type ScheduledSlot,
  type ScheduleState,
  scheduledSlots,
  startOfBucket,
} from '../model/schedule.ts';
import type { Store } from '../zookeeper/store.ts';
import type { EntryCache } from './entry-cache.ts';
import { packable } from './moved-messages.ts';

/** What one commit moves: far below a packet, with the deletions. */
const ENTRIES_MAX = 500;
const MESSAGES_MAX = 1000;
const BYTES_MAX = 256 * 1024;

export interface DueStep {
  /** Entries to move now, in the order in which they became due; none when only the picture is to be corrected. */
  readonly paths: readonly { readonly path: string; readonly slot: ScheduledSlot }[];
  /** Nodes to delete with that, children first. */
  readonly removed: readonly string[];
  /** The schedule after this step. */
  readonly state: ScheduleState;
}

/** @param top where the entries are kept. Rejects with a StoreError. */
export async function findDue(store: Store, top: string, state: ScheduleState): Promise<DueStep> {
  const hour = await firstChild(store, top);
  if (hour === undefined) return { paths: [], removed: [], state: { ...EMPTY_SCHEDULE, epoch: state.epoch } };
  const minute = await firstChild(store, hour.path);
  if (minute === undefined) {
    const nextMs = hour.next === undefined ? null : startOfBucket(hour.next, 'hour');
    return { paths: [], removed: [hour.path], state: { ...state, nextMs } };
  }
  const slots = scheduledSlots((await store.list(minute.path))?.children ?? []);
  const due = atMost(slots.filter((slot) => slot.dueMs <= store.now()));
  const rest = slots[due.length];
  const paths = due.map((slot) => ({ path: `${minute.path}/${slot.name}`, slot }));
  const removed = paths.map(({ path }) => path);
  if (rest === undefined) removed.push(minute.path);
  return {
    paths,
    removed,
    state: {
      ...state,
      messages: state.messages - due.reduce((sum, slot) => sum + slot.count, 0),
      bytes: state.bytes - due.reduce((sum, slot) => sum + slot.bytes, 0),
      nextMs: rest?.dueMs ?? nextBucketMs(minute.next, hour.path),
    },
  };
}

/** The messages of those entries, in order, ready to be appended. Rejects with a StoreError. */
export async function readDue(cache: EntryCache, paths: DueStep['paths']): Promise<PackableMessage[]> {
  const entries = await Promise.all(paths.map(({ path, slot }) => cache.read(path, slot.token)));
  return entries.flatMap((entry) =>
    (entry?.messages ?? []).map((message) => packable(message, { scheduledBy: message.scheduledBy })),
  );
}

async function firstChild(
  store: Store,
  path: string,
): Promise<{ path: string; next: string | undefined } | undefined> {
  const listing = await store.list(path);
  const [first, next] = (listing?.children ?? []).sort((a, b) => Number(a) - Number(b));
  return first === undefined ? undefined : { path: `${path}/${first}`, next };
}

function atMost(slots: readonly ScheduledSlot[]): ScheduledSlot[] {
  const some: ScheduledSlot[] = [];
  let messages = 0;
  let bytes = 0;
  for (const slot of slots) {
    messages += slot.count;
    bytes += slot.bytes;
    const isTooMuch = messages > MESSAGES_MAX || bytes > BYTES_MAX || some.length >= ENTRIES_MAX;
    if (some.length > 0 && isTooMuch) break;
    some.push(slot);
  }
  return some;
}

/** When something may be due after a minute is done with; an hour that is left empty is found, and removed, then. */
function nextBucketMs(nextMinute: string | undefined, hourPath: string): number {
  if (nextMinute !== undefined) return startOfBucket(nextMinute, 'minute');
  return startOfBucket(hourPath.slice(hourPath.lastIndexOf('/') + 1), 'hour');
}
