/** Segments as one gateway has last listed them: a bounded number, the oldest of which make room for others. */
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

export class KnownSegments {
  readonly #segments = new Map<number, Segment>();

  get(number: number): Segment | undefined {
    return this.#segments.get(number);
  }

  /** @param last the log's last segment, which is always kept */
  keep(number: number, header: SegmentHeader, slots: readonly EntrySlot[], last: number): Segment {
    const segment: Segment = { number, header, slots, end: endOf(slots) };
    this.#segments.set(number, segment);
    if (this.#segments.size > KEPT_MAX) {
      const oldest = [...this.#segments.keys()].find((known) => known !== last && known !== number);
      if (oldest !== undefined) this.#segments.delete(oldest);
    }
    return segment;
  }

  forget(number: number): void {
    this.#segments.delete(number);
  }

  forgetBelow(first: number): void {
    for (const number of this.#segments.keys()) if (number < first) this.#segments.delete(number);
  }
}
