/**
 * Segments and the names of their entries. Pure.
 *
 * A segment is a bounded run of entries in a log. Its header tells how many messages and bytes lie before it, so that
 * the depth of a log is known without reading it:
 *
 *     open      takes appends; every append checks OPEN_VERSION
 *     sealed    takes none any more; whoever finds it without a successor counts it and creates that
 *     trimmed   its entries are gone; the header stays until all before it are gone, so that numbers stay dense
 */

export interface SegmentHeader {
  readonly state: 'open' | 'sealed' | 'trimmed';
  /** Messages and body bytes in the log before this segment. */
  readonly ordinal: number;
  readonly bytesBefore: number;
}

/** The version of an open segment's header: created (0) and set (1) in one commit, since 0 must never be checked. */
export const OPEN_VERSION = 1;
export const SEALED_VERSION = 2;

/** A segment that has reached one of these is sealed: listing it and rewriting its pages stay cheap. */
export interface SegmentLimits {
  readonly entries: number;
  readonly messages: number;
  readonly bytes: number;
}

/**
 * Gateways may differ in theirs: whoever appends judges by its own. With so many messages, and those of one more entry, a
 * page fits into one commit with the largest message, even when each message is leased by itself.
 */
export const SEGMENT_LIMITS: SegmentLimits = { entries: 128, messages: 1024, bytes: 4 * 1024 * 1024 };

export function encodeHeader(header: SegmentHeader): Buffer {
  return Buffer.from(JSON.stringify(header));
}

export function decodeHeader(data: Buffer): SegmentHeader {
  return JSON.parse(data.toString()) as SegmentHeader;
}

/** One entry as its name tells it, with the offset of its first message in the segment. */
export interface EntrySlot {
  readonly name: string;
  readonly sequence: number;
  readonly count: number;
  readonly bytes: number;
  readonly token: string;
  readonly start: number;
}

/** The name to create an entry under; ZooKeeper appends its sequence number. */
export function entryPrefix(count: number, bytes: number, token: string): string {
  return `${count}.${bytes}.${token}-`;
}

/** The slots of a segment's children, in order. Names that are not of an entry are an error: nobody else writes here. */
export function slotsOf(names: readonly string[]): EntrySlot[] {
  const slots = names.map(parseEntryName).sort((a, b) => a.sequence - b.sequence);
  let start = 0;
  return slots.map((slot) => {
    const placed = { ...slot, start };
    start += slot.count;
    return placed;
  });
}

export function parseEntryName(name: string): Omit<EntrySlot, 'start'> {
  const match = /^(\d+)\.(\d+)\.([0-9a-z]+)-(\d{10})$/.exec(name);
  if (match === null) throw new Error(`not an entry: ${name}`);
  return {
    name,
    count: Number(match[1]),
    bytes: Number(match[2]),
    token: match[3] as string,
    sequence: Number(match[4]),
  };
}

/** The slot that holds `offset`, by binary search; undefined beyond the end. */
export function slotAt(slots: readonly EntrySlot[], offset: number): EntrySlot | undefined {
  let low = 0;
  let high = slots.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((slots[middle] as EntrySlot).start <= offset) low = middle + 1;
    else high = middle;
  }
  const slot = slots[low - 1];
  return slot !== undefined && offset < slot.start + slot.count ? slot : undefined;
}

/** Messages in a list of slots. */
export function endOf(slots: readonly EntrySlot[]): number {
  const last = slots.at(-1);
  return last === undefined ? 0 : last.start + last.count;
}

export function bytesOf(slots: readonly EntrySlot[]): number {
  return slots.reduce((sum, slot) => sum + slot.bytes, 0);
}

export function isFull(slots: readonly EntrySlot[], limits: SegmentLimits): boolean {
  return slots.length >= limits.entries || endOf(slots) >= limits.messages || bytesOf(slots) >= limits.bytes;
}

/** A server counts the creations of children so far and no further. */
const CREATIONS_COUNTED_MAX = 2 ** 31 - 1;

interface ChildCounts {
  readonly childChanges: number;
  readonly childCount: number;
}

/**
 * How many children a parent has ever had; undefined when there were more than the server counts. What it tells is
 * creations plus deletions, in 32 bits with a sign.
 */
export function countedCreations({ childChanges, childCount }: ChildCounts): number | undefined {
  const created = ((childChanges + childCount) >>> 0) / 2;
  return created < CREATIONS_COUNTED_MAX ? created : undefined;
}

/**
 * The numbers of the first and last child of a parent whose children are numbered densely from 0, created in order
 * and deleted from the front, from its stat alone. Only for a parent whose creations are counted.
 */
export function denseBounds(stat: ChildCounts): { first: number; last: number } {
  const created = countedCreations(stat) ?? Number.NaN;
  return { first: created - stat.childCount, last: created - 1 };
}
