/**
 * Which scheduled entries are due, and what the schedule is without them: one hour and one minute are listed, however
 * many messages wait for later.
 */

import { type PackableMessage, packedBytes } from '../model/entry.ts';
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

/** What one commit moves: far below a packet, with the deletions. One entry is never divided. */
const ENTRIES_MAX = 500;
const MESSAGES_MAX = 1000;
const BYTES_MAX = 256 * 1024;
/** Entries that are read at a time: their names do not tell of attributes. */
const READ_TOGETHER = 64;

export interface DueStep {
  /** To move now, in the order in which they became due; none when only the picture is to be corrected. */
  readonly messages: readonly PackableMessage[];
  /** Nodes to delete with that, children first. */
  readonly removed: readonly string[];
  /** The schedule after this step. */
  readonly state: ScheduleState;
}

/** @param top where the entries are kept. Rejects with a StoreError. */
export async function findDue(
  store: Store,
  cache: EntryCache,
  top: string,
  state: ScheduleState,
): Promise<DueStep> {
  const hour = await firstChild(store, top);
  if (hour === undefined)
    return { messages: [], removed: [], state: { ...EMPTY_SCHEDULE, epoch: state.epoch } };
  const minute = await firstChild(store, hour.path);
  if (minute === undefined) {
    const nextMs = hour.next === undefined ? null : startOfBucket(hour.next, 'hour');
    return { messages: [], removed: [hour.path], state: { ...state, nextMs } };
  }
  const slots = scheduledSlots((await store.list(minute.path))?.children ?? []);
  const listed = atMost(slots.filter((slot) => slot.dueMs <= store.now()));
  const { due, messages } = await readDue(store, cache, minute.path, listed);
  const rest = slots[due.length];
  const removed = due.map(({ name }) => `${minute.path}/${name}`);
  if (rest === undefined) removed.push(minute.path);
  return {
    messages,
    removed,
    state: {
      ...state,
      messages: state.messages - due.reduce((sum, slot) => sum + slot.count, 0),
      bytes: state.bytes - due.reduce((sum, slot) => sum + slot.bytes, 0),
      nextMs: rest?.dueMs ?? nextBucketMs(minute.next, hour.path),
    },
  };
}

/** As many of the entries as go together, with their messages ready to be appended. Rejects with a StoreError. */
async function readDue(store: Store, cache: EntryCache, parent: string, slots: readonly ScheduledSlot[]) {
  const { bytesMax, bytesPerWrite } = store.packet;
  const limit = Math.min(BYTES_MAX, bytesMax / 4);
  const due: ScheduledSlot[] = [];
  const messages: PackableMessage[] = [];
  let bytes = 0;
  for (let from = 0; from < slots.length; from += READ_TOGETHER) {
    const some = slots.slice(from, from + READ_TOGETHER);
    const read = some.map(({ name, token }) => cache.read(`${parent}/${name}`, token));
    for (const [index, entry] of (await Promise.all(read)).entries()) {
      const slot = some[index] as ScheduledSlot;
      const moved = (entry?.messages ?? []).map((message) =>
        packable(message, { scheduledBy: message.scheduledBy }),
      );
      bytes += bytesPerWrite + parent.length + slot.name.length;
      bytes += moved.reduce((sum, message) => sum + packedBytes(message), 0);
      if (due.length > 0 && bytes > limit) return { due, messages };
      due.push(slot);
      messages.push(...moved);
    }
  }
  return { due, messages };
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
