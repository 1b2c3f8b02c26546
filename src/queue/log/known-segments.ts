/**
 * Segments as one gateway has last listed them: a bounded number, the oldest of which make room for others. Where sealed
 * segments end is kept apart from that, as plain numbers: a claim asks for the end of each segment between the oldest
 * pending message and the head, and would load and drop listings for ever if there were more of them than are kept.
 */
import { type EntrySlot, endOf, type SegmentHeader } from '../model/segment.ts';

export interface Segment {
  readonly number: number;
  readonly header: SegmentHeader;
  readonly slots: readonly EntrySlot[];
  /** Messages in it, as far as known. */
  readonly end: number;
}

/** Each listing is at most some 20 kB. */
const KEPT_MAX = 64;
/** While somebody holds them. Of so many segments not even the groups of all entries are kept. */
const HELD_MAX = 2_048;

export class KnownSegments {
  readonly #segments = new Map<number, Segment>();
  /** Where sealed segments end. They grow no more, so that holds until they are trimmed. */
  readonly #ends = new Map<number, number>();
  #holds = 0;

  get(number: number): Segment | undefined {
    return this.#segments.get(number);
  }

  /** Messages in it, if it is sealed and was listed at any time since it is. */
  sealedEnd(number: number): number | undefined {
    return this.#ends.get(number);
  }

  /** @param last the log's last segment, which is always kept */
  keep(number: number, header: SegmentHeader, slots: readonly EntrySlot[], last: number): Segment {
    const segment: Segment = { number, header, slots, end: endOf(slots) };
    this.#segments.set(number, segment);
    if (header.state === 'sealed') this.#ends.set(number, segment.end);
    else this.#ends.delete(number);
    this.#makeRoom((known) => known !== last && known !== number);
    return segment;
  }

  /** Keeps what is listed from now on, up to a greater number, until the returned function is called. */
  hold(): () => void {
    this.#holds += 1;
    return () => {
      this.#holds -= 1;
      const last = Math.max(...this.#segments.keys());
      this.#makeRoom((known) => known !== last);
    };
  }

  forget(number: number): void {
    this.#segments.delete(number);
    this.#ends.delete(number);
  }

  forgetBelow(first: number): void {
    for (const number of this.#segments.keys()) if (number < first) this.#segments.delete(number);
    for (const number of this.#ends.keys()) if (number < first) this.#ends.delete(number);
  }

  #makeRoom(isDroppable: (number: number) => boolean): void {
    const max = this.#holds > 0 ? HELD_MAX : KEPT_MAX;
    if (this.#segments.size <= max) return;
    for (const number of this.#segments.keys()) {
      if (this.#segments.size <= max) return;
      if (isDroppable(number)) this.#segments.delete(number);
    }
  }
}
