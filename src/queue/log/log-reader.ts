/**
 * Reading a level's log in order from a place on, whatever is written to it and trimmed from it meanwhile: nothing is
 * left out without being told.
 *
 * - An open segment may get more entries before it is sealed: only a listing from after that is read to its end.
 * - A segment's header tells how many messages lie before it. When that is more than have been gone through, the ones
 *   between were trimmed: at the front of the log, in the middle, or under the reader.
 */

import type { EntryMessage } from '../model/entry.ts';
import type { LogPosition } from '../model/position.ts';
import { slotAt } from '../model/segment.ts';
import type { EntryCache } from './entry-cache.ts';
import type { Segment } from './known-segments.ts';
import type { Log } from './log.ts';

/** How far a level's log has been read: a place in it, and the number of messages before that place's segment. */
export interface LogPlace extends LogPosition {
  readonly ordinal: number;
}

export class LogReader {
  readonly #log: Log;
  readonly #entries: EntryCache;
  #segment: number;
  #offset: number;
  /** Messages before the place; undefined when that is not known. */
  #count: number | undefined;

  /** @param place an ordinal of 0 behind the first segment counts as not known: none can be before it but unread */
  constructor(log: Log, entries: EntryCache, { segment, offset, ordinal }: LogPlace) {
    this.#log = log;
    this.#entries = entries;
    this.#segment = segment;
    this.#offset = offset;
    this.#count = segment > 0 && ordinal === 0 ? undefined : ordinal + offset;
  }

  /** What has been gone through lies before it. */
  get place(): LogPlace {
    return {
      segment: this.#segment,
      offset: this.#offset,
      ordinal: Math.max(0, (this.#count ?? 0) - this.#offset),
    };
  }

  /** Whether something behind the place is known of, without reading. */
  get hasNew(): boolean {
    const { last } = this.#log;
    return last > this.#segment || (last === this.#segment && this.#endOf(last) > this.#offset);
  }

  /**
   * The messages at the place, as far as they lie in one entry; the place stays, see `pass`. 'gap' when messages before
   * the next one were trimmed unread, told once; undefined when all that is known has been read. Rejects with a
   * StoreError.
   */
  async read(): Promise<readonly EntryMessage[] | 'gap' | undefined> {
    const log = this.#log;
    while (this.#segment <= log.last) {
      const segment = await log.segment(this.#segment);
      if (segment === undefined) {
        if (!(await this.#skipGone())) return undefined;
      } else if (this.#isPastGap(segment)) {
        return 'gap';
      } else {
        const slot = slotAt(segment.slots, this.#offset);
        if (slot !== undefined) {
          const entry = await this.#entries.read(log.entryPath(segment.number, slot), slot.token);
          if (entry !== undefined) return entry.messages.slice(this.#offset - slot.start);
          // Trimmed since it was listed.
          log.forget(segment.number);
        } else if (segment.header.state !== 'open') {
          this.#goTo(segment.number + 1);
        } else if (segment.number === log.last) {
          return undefined;
        }
        // Else it was sealed since it was listed: it is listed again, for what came before that.
      }
    }
    return undefined;
  }

  /** So many messages of those that were read last have been gone through. */
  pass(count: number): void {
    this.#offset += count;
    if (this.#count !== undefined) this.#count += count;
  }

  #endOf(segment: number): number {
    return this.#log.known(segment)?.end ?? 0;
  }

  #goTo(segment: number): void {
    this.#segment = segment;
    this.#offset = 0;
  }

  /** Learns from the segment at the place how many messages are before that. @returns whether some of them are gone */
  #isPastGap({ header }: Segment): boolean {
    const before = this.#count;
    if (this.#offset > 0) {
      this.#count = header.ordinal + this.#offset;
      return false;
    }
    // Only the header is left of it: whether something is missing shows in the next one that has messages.
    if (header.state === 'trimmed') return false;
    this.#count = header.ordinal;
    return before === undefined || header.ordinal > before;
  }

  /** The segment at the place is no more. @returns whether the log goes on behind it */
  async #skipGone(): Promise<boolean> {
    await this.#log.findFirst();
    if (this.#log.first <= this.#segment) return false;
    this.#goTo(this.#log.first);
    return true;
  }
}
