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

export class ScheduleReader {
  readonly #store: Store;
  readonly #cache: EntryCache;
  readonly #root: string;

  constructor(store: Store, cache: EntryCache, id: string) {
    this.#store = store;
    this.#cache = cache;
    this.#root = scheduledPath(id);
  }

  /** From a place on. Lists one hour and one minute at a time. Rejects with a StoreError. */
  async *messages(from?: ScheduledPlace): AsyncGenerator<{ place: ScheduledPlace; message: EntryMessage }> {
    const node = await this.#store.read(this.#root);
    if (node === undefined) return;
    const top = `${this.#root}/${decodeSchedule(node.data).epoch}`;
    const start = from === undefined ? undefined : bucketOf(from.dueMs);
    for (const hour of await this.#children(top, start?.hour)) {
      for (const minute of await this.#children(`${top}/${hour}`, start?.minute)) {
        const path = `${top}/${hour}/${minute}`;
        const names = (await this.#store.list(path))?.children ?? [];
        for (const slot of scheduledSlots(names)) {
          if (from !== undefined && isBefore({ ...slot, index: slot.count }, from)) continue;
          const entry = await this.#cache.read(`${path}/${slot.name}`, slot.token);
          for (const [index, message] of (entry?.messages ?? []).entries()) {
            const place = { dueMs: slot.dueMs, sequence: slot.sequence, index };
            if (from === undefined || !isBefore(place, from)) yield { place, message };
          }
        }
      }
    }
  }

  async #children(path: string, from: string | undefined): Promise<string[]> {
    const names = (await this.#store.list(path))?.children ?? [];
    return names
      .filter((name) => from === undefined || Number(name) >= Number(from))
      .sort((a, b) => Number(a) - Number(b));
  }
}

function isBefore(place: ScheduledPlace, from: ScheduledPlace): boolean {
  if (place.dueMs !== from.dueMs) return place.dueMs < from.dueMs;
  if (place.sequence !== from.sequence) return place.sequence < from.sequence;
  return place.index < from.index;
}
