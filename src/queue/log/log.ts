/**
 * The log of one priority level of one incarnation: what this gateway knows of its segments.
 *
 *     /data/<id>/log/<level>:   7 trimmed   8 sealed   9 sealed   10 open        numbers dense; first 7, last 10
 *
 * Nothing here is truth, all of it can be read again: sealed segments never change (but for being trimmed), the open
 * one only grows. Writers guard themselves by the segment's version, so acting on an old picture fails and is tried
 * again. The picture may be behind; it is never wrong about what it shows.
 */
import {
  type EntrySlot,
  isFull,
  OPEN_VERSION,
  parseEntryName,
  SEALED_VERSION,
  type SegmentHeader,
  type SegmentLimits,
  slotAt,
  slotsOf,
} from '../model/segment.ts';
import { levelPath, segmentPath } from '../zookeeper/paths.ts';
import type { Store, Watch } from '../zookeeper/store.ts';
import { KnownSegments, type Segment } from './known-segments.ts';
import { EndWatches, endsOfLog } from './log-ends.ts';
import { readHeader, readSegment } from './segment-reads.ts';
import { createSegment, openNextSegment, sealSegment } from './segment-writes.ts';

/** A segment may outgrow its limits by so many entries of others. */
const UNLISTED_MAX = 8;

export class Log {
  readonly id: string;
  readonly level: number;
  readonly #store: Store;
  readonly #limits: SegmentLimits;
  readonly #segments = new KnownSegments();
  readonly #endWatches: EndWatches;
  #first = 0;
  /** -1 until looked for; a level that has never been written to has no segment. */
  #last = -1;
  #stale = true;
  readonly #refreshing = new Set<Promise<void>>();
  /** Seals the open segment and opens the next. Until it ends, to look at the log's end would find it half done. */
  #rolling: Promise<void> | undefined;
  /** Entries that the open segment had more than known when this gateway last appended to it. */
  #unlisted = 0;

  constructor(store: Store, limits: SegmentLimits, id: string, level: number) {
    this.#store = store;
    this.#endWatches = new EndWatches(store);
    this.#limits = limits;
    this.id = id;
    this.level = level;
  }

  /** Lowest segment that still has a header; `last` is the highest one known. */
  get first(): number {
    return this.#first;
  }

  get last(): number {
    return this.#last;
  }

  /** Whether the picture may be behind what others have written. */
  get stale(): boolean {
    return this.#stale;
  }

  /** Something has hinted that the log has changed: look before saying that there is nothing more. */
  markStale(): void {
    this.#stale = true;
  }

  path(segment: number): string {
    return segmentPath(this.id, this.level, segment);
  }

  entryPath(segment: number, slot: EntrySlot): string {
    return `${this.path(segment)}/${slot.name}`;
  }

  /** The segment if it is known, without reading. */
  known(segment: number): Segment | undefined {
    const known = this.#segments.get(segment);
    // Open and yet not the last: it was sealed since, and may have got more entries before that.
    return known?.header.state === 'open' && segment < this.#last ? undefined : known;
  }

  /** Messages in the segment, if known, without reading. Of a sealed one that is known longer than its listing. */
  end(segment: number): number | undefined {
    return this.known(segment)?.end ?? this.#segments.sealedEnd(segment);
  }

  /** Keeps more listings than usual until the returned function is called. */
  hold(): () => void {
    return this.#segments.hold();
  }

  slotAt(segment: number, offset: number): EntrySlot | undefined {
    const known = this.known(segment);
    return known === undefined ? undefined : slotAt(known.slots, offset);
  }

  /** The open segment as last seen, or undefined when that is to be looked for with `refresh`. */
  openSegment(): Segment | undefined {
    const segment = this.#segments.get(this.#last);
    return segment?.header.state === 'open' ? segment : undefined;
  }

  /**
   * Brings the picture up to date: one read when the open segment is still the known one. Finishes what another
   * gateway left undone (a sealed last segment gets its successor).
   *
   * @param watch set on the open segment: on its children, and on its end
   */
  refresh(watch?: Watch): Promise<void> {
    return this.#noted(this.#refresh(watch));
  }

  /** Resolves when every look under way has ended: until then the log may be old, although not `stale`. */
  async refreshed(): Promise<void> {
    await Promise.all(this.#refreshing);
  }

  #noted(look: Promise<void>): Promise<void> {
    const refreshing = look.finally(() => this.#refreshing.delete(refreshing));
    this.#refreshing.add(refreshing);
    return refreshing;
  }

  async #refresh(watch: Watch | undefined): Promise<void> {
    // Whoever rolls is told if that fails; here it is only waited for.
    await this.#rolling?.catch(() => {});
    await this.#lookAtEnd(watch);
  }

  async #lookAtEnd(watch: Watch | undefined): Promise<void> {
    this.#stale = false;
    this.#unlisted = 0;
    try {
      do {
        if (this.openSegment() === undefined) await this.#findLast();
        while (this.#last >= 0 && (await this.#refreshLast(watch)) === 'sealed')
          await this.#ensureSuccessor();
      } while (watch !== undefined && (await this.#endWatches.set(this, watch)));
    } catch (error) {
      this.#stale = true;
      throw error;
    }
  }

  /**
   * The segment, read if it is not known; undefined when it has been trimmed away (or was never there).
   * A known open segment is returned as known.
   */
  async segment(number: number): Promise<Segment | undefined> {
    const known = this.known(number);
    if (known !== undefined) return known;
    const read = await readSegment(this.#store, this.path(number));
    return read && this.#segments.keep(number, read.header, read.slots, this.#last);
  }

  /** The header alone, of any segment; undefined when it is gone. One read, unless the segment is known. */
  async header(number: number): Promise<SegmentHeader | undefined> {
    return this.known(number)?.header ?? (await readHeader(this.#store, this.path(number)));
  }

  /** Takes note of an entry that this gateway has just appended. */
  noteAppended(segment: number, name: string): EntrySlot | undefined {
    const known = this.#segments.get(segment);
    const entry = parseEntryName(name);
    if (known === undefined || known.header.state !== 'open') return undefined;
    if (entry.sequence !== known.slots.length) {
      // Others have appended in between: only a listing tells what.
      if (entry.sequence > known.slots.length) this.#stale = true;
      this.#unlisted = entry.sequence + 1 - known.slots.length;
      return undefined;
    }
    const slot = { ...entry, start: known.end };
    this.#segments.keep(segment, known.header, [...known.slots, slot], this.#last);
    return slot;
  }

  /** Forgets a segment that a failed write has shown to be no longer what it was. */
  forget(segment: number): void {
    this.#segments.forget(segment);
    if (segment === this.#last) this.#stale = true;
  }

  /** Creates the level's first segment, unless somebody has. False when the incarnation is gone. */
  async create(): Promise<boolean> {
    const path = levelPath(this.id, this.level);
    const result = await this.#store.commit([
      { kind: 'create', path, data: Buffer.alloc(0) },
      ...createSegment(this.id, this.level, 0, { state: 'open', ordinal: 0, bytesBefore: 0 }),
    ]);
    this.#stale = true;
    return result.applied || result.reason === 'exists';
  }

  /** Seals the open segment if it has reached its limits, and opens the next. @returns the sealed one's number */
  async rollIfFull(): Promise<number | undefined> {
    // Who only appends, and not alone, would never learn that the segment is full.
    if (this.#unlisted >= UNLISTED_MAX) await this.refresh();
    const open = this.openSegment();
    if (open === undefined || !isFull(open.slots, this.#limits)) return undefined;
    await this.seal(open);
    return open.number;
  }

  /** Seals the open segment so that every later append to it fails, and opens the next. Anyone may have been faster. */
  seal(segment: Segment): Promise<void> {
    this.#rolling ??= this.#roll(segment).finally(() => {
      this.#rolling = undefined;
    });
    return this.#rolling;
  }

  /** Two writes and a read, since those who publish wait for it; what is not as expected is looked at. */
  async #roll({ number, header }: Segment): Promise<void> {
    const sealed: SegmentHeader = { ...header, state: 'sealed' };
    const result = await this.#store.commit([sealSegment(this.path(number), sealed)]);
    this.#segments.forget(number);
    const listing = result.applied ? await this.#store.list(this.path(number)) : undefined;
    if (listing?.stat.version === SEALED_VERSION) {
      const segment = this.#segments.keep(number, sealed, slotsOf(listing.children), this.#last);
      if (await this.#openAfter(segment)) return;
    }
    await this.#noted(this.#lookAtEnd(undefined));
  }

  async #openAfter(sealed: Segment): Promise<boolean> {
    const { next, writes } = openNextSegment(this.id, this.level, sealed);
    const { applied } = await this.#store.commit(writes);
    if (!applied || this.#last > sealed.number) return applied;
    this.#last = sealed.number + 1;
    this.#segments.keep(this.#last, next, [], this.#last);
    return true;
  }

  /** Brings `first` up to date: others trim as well. */
  async findFirst(): Promise<void> {
    const ends = await endsOfLog(this.#store, levelPath(this.id, this.level));
    if (ends !== undefined) this.noteFirst(ends.first);
  }

  /** Everything before `segment` is gone. */
  noteFirst(segment: number): void {
    this.#first = Math.max(this.#first, segment);
    this.#segments.forgetBelow(this.#first);
  }

  async #findLast(): Promise<void> {
    const ends = await endsOfLog(this.#store, levelPath(this.id, this.level));
    if (ends === undefined) return;
    this.noteFirst(ends.first);
    this.#last = ends.last;
  }

  /** Reads the last segment again; 'sealed' means that its successor is missing or was not yet seen. */
  async #refreshLast(watch: Watch | undefined): Promise<'open' | 'sealed' | 'moved'> {
    const number = this.#last;
    if (watch === undefined && this.#segments.get(number) === undefined) {
      const state = (await this.segment(number))?.header.state;
      if (state !== undefined) return state === 'open' ? 'open' : 'sealed';
    }
    const listing = await this.#store.list(this.path(number), watch === undefined ? {} : { watch });
    if (listing === undefined) return this.#refreshMoved(watch);
    const known = this.#segments.get(number);
    if (known?.header.state === 'open' && listing.stat.version === OPEN_VERSION) {
      // Listings of one connection never go back, but an append noted after this one was asked for is newer.
      if (listing.children.length > known.slots.length)
        this.#segments.keep(number, known.header, slotsOf(listing.children), this.#last);
      return 'open';
    }
    this.#segments.forget(number);
    const state = (await this.segment(number))?.header.state;
    if (state === undefined) return this.#refreshMoved(watch);
    return state === 'open' ? 'open' : 'sealed';
  }

  /** Deleted under our feet: either trimmed, after others had moved on, or the whole incarnation is gone. */
  async #refreshMoved(watch: Watch | undefined): Promise<'open' | 'sealed' | 'moved'> {
    const number = this.#last;
    this.#segments.forget(number);
    await this.#findLast();
    return this.#last === number ? 'moved' : this.#refreshLast(watch);
  }

  /** Somebody has sealed the last segment, and not come to open the next yet, or has died. */
  async #ensureSuccessor(): Promise<void> {
    const sealed = await this.segment(this.#last);
    if (sealed === undefined) return this.#findLast();
    // Usually somebody else has rolled, and is long done: a look costs less than a commit that fails.
    const exists = (await this.#store.stat(this.path(sealed.number + 1))) !== undefined;
    if (sealed.header.state === 'sealed' && !exists && (await this.#openAfter(sealed))) return;
    await this.#findLast();
  }
}
