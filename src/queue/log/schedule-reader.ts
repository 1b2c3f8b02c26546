/** Reading what waits for its time, in the order in which it becomes due, without moving any of it. */
import type { EntryMessage } from '../model/entry.ts';
import { bucketOf, decodeSchedule, scheduledSlots } from '../model/schedule.ts';
import { scheduledPath } from '../zookeeper/paths.ts';
import type { Store } from '../zookeeper/store.ts';
import type { EntryCache } from './entry-cache.ts';

/** A scheduled message's place in that order. */
export interface ScheduledPlace {
  readonly dueMs: number;
  readonly sequence: number;
  /** Within its entry. */
  readonly index: number;
}

/**
 * The scheduled messages of an incarnation, from a place on. It lists one hour and one minute at a time. Rejects with a
 * StoreError.
 */
export async function* scheduledMessages(
  store: Store,
  cache: EntryCache,
  id: string,
  from?: ScheduledPlace,
): AsyncGenerator<{ place: ScheduledPlace; message: EntryMessage }> {
  const root = scheduledPath(id);
  const node = await store.read(root);
  if (node === undefined) return;
  const top = `${root}/${decodeSchedule(node.data).epoch}`;
  const start = from === undefined ? undefined : bucketOf(from.dueMs);
  for (const hour of await childrenFrom(store, top, start?.hour)) {
    for (const minute of await childrenFrom(store, `${top}/${hour}`, start?.minute)) {
      const path = `${top}/${hour}/${minute}`;
      const names = (await store.list(path))?.children ?? [];
      for (const slot of scheduledSlots(names)) {
        if (from !== undefined && isBefore({ ...slot, index: slot.count }, from)) continue;
        const entry = await cache.read(`${path}/${slot.name}`, slot.token);
        for (const [index, message] of (entry?.messages ?? []).entries()) {
          const place = { dueMs: slot.dueMs, sequence: slot.sequence, index };
          if (from === undefined || !isBefore(place, from)) yield { place, message };
        }
      }
    }
  }
}

async function childrenFrom(store: Store, path: string, from: string | undefined): Promise<string[]> {
  const names = (await store.list(path))?.children ?? [];
  return names
    .filter((name) => from === undefined || Number(name) >= Number(from))
    .sort((a, b) => Number(a) - Number(b));
}

function isBefore(place: ScheduledPlace, from: ScheduledPlace): boolean {
  if (place.dueMs !== from.dueMs) return place.dueMs < from.dueMs;
  if (place.sequence !== from.sequence) return place.sequence < from.sequence;
  return place.index < from.index;
}
