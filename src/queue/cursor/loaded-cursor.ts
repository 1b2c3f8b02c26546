/**
 * A subscription's cursor and log as this gateway has them in memory: the view that drafts are made from, and the
 * loading of what a draft found missing.
 *
 * Every part may be behind. A write that relied on an old part fails, and the part is marked; an answer that relies
 * on there being nothing is given only after everything was read again behind a barrier.
 */
import type { EntryCache } from '../log/entry-cache.ts';
import {
  type CursorView,
  earliestDueOf,
  initialPage,
  type Missing,
  type ViewedEntry,
} from '../model/cursor-draft.ts';
import { isFinished, type Page } from '../model/page.ts';
import { decodePage } from '../model/page-codec.ts';
import { LOG_START, type LogPosition } from '../model/position.ts';
import { decodeRecord, type SubscriptionRecord } from '../model/records.ts';
import type { Topic } from '../topics/topic.ts';
import { cursorPath, pageName, parsePageName, subscriptionPath } from '../zookeeper/paths.ts';
import type { ReadOptions, Store, Write } from '../zookeeper/store.ts';
import { WatchedPart } from './watched-part.ts';

/** In the place of a version: the page does not exist yet. */
export const ABSENT = -1;

interface LoadedPage {
  page: Page;
  version: number;
  readonly part: WatchedPart;
}

export class LoadedCursor implements CursorView {
  readonly topic: Topic;
  readonly name: string;
  readonly #store: Store;
  readonly #entries: EntryCache;
  readonly #onHint: (foreign: boolean) => void;
  readonly #pages = new Map<string, LoadedPage>();
  /** Segments known to be done with: trimmed, or gone. */
  readonly #finished = new Set<string>();
  /** Lowest segment of each level that is not known to be done with. */
  readonly #firsts = new Map<number, number>();
  readonly #logs = new Map<number, WatchedPart>();
  readonly #recordPart: WatchedPart;
  readonly #listingPart: WatchedPart;
  #record: SubscriptionRecord | undefined;
  #version = 0;
  #levels: readonly number[] = [];

  /** @param onHint called when something watched has changed, or must be armed again */
  constructor(
    store: Store,
    entries: EntryCache,
    topic: Topic,
    name: string,
    onHint: (foreign: boolean) => void,
  ) {
    this.#store = store;
    this.#entries = entries;
    this.topic = topic;
    this.name = name;
    this.#onHint = onHint;
    this.#recordPart = new WatchedPart(onHint);
    this.#listingPart = new WatchedPart(onHint);
  }

  get exists(): boolean {
    return this.#record !== undefined;
  }

  get record(): SubscriptionRecord {
    if (this.#record === undefined) throw new Error('the cursor has not been loaded');
    return this.#record;
  }

  get version(): number {
    return this.#version;
  }

  get generation(): number {
    return this.record.generation;
  }

  get levels(): readonly number[] {
    return this.#levels;
  }

  start(level: number): LogPosition {
    return this.record.start[level] ?? LOG_START;
  }

  bounds(level: number): { first: number; last: number } {
    const log = this.topic.log(level);
    let first = Math.max(this.#firsts.get(level) ?? 0, this.start(level).segment, log.first);
    while (first < log.last && this.#isDone(level, first)) {
      this.#finished.delete(`${level}/${first}`);
      this.#pages.delete(`${level}/${first}`);
      first += 1;
    }
    this.#firsts.set(level, first);
    return { first, last: log.last };
  }

  page(level: number, segment: number): Page | 'finished' | undefined {
    const key = `${level}/${segment}`;
    const loaded = this.#pages.get(key);
    if (loaded !== undefined) return loaded.page;
    return segment < this.bounds(level).first || this.#finished.has(key) ? 'finished' : undefined;
  }

  end(level: number, segment: number): number | undefined {
    return this.topic.log(level).known(segment)?.end;
  }

  entryAt(level: number, segment: number, offset: number): ViewedEntry | undefined {
    const log = this.topic.log(level);
    const slot = log.slotAt(segment, offset);
    if (slot === undefined) return undefined;
    const entry = this.#entries.peek(log.entryPath(segment, slot));
    return { start: slot.start, end: slot.start + slot.count, bytes: slot.bytes, messages: entry?.messages };
  }

  /** The version to compare with when writing the page, or ABSENT. */
  pageVersion(level: number, segment: number): number {
    return this.#pages.get(`${level}/${segment}`)?.version ?? ABSENT;
  }

  /** Pages in memory, with where they are. */
  pages(): { level: number; segment: number; page: Page; version: number }[] {
    return [...this.#pages].map(([key, { page, version }]) => {
      const [level, segment] = key.split('/').map(Number) as [number, number];
      return { level, segment, page, version };
    });
  }

  /** When something in flight is next due, as far as known. */
  earliestDueMs(): number | undefined {
    return earliestDueOf([...this.#pages.values()].map(({ page }) => page));
  }

  /** Fails a commit when the subscription has been purged, moved or deleted since it was loaded. */
  guard(): Write {
    return { kind: 'check', path: subscriptionPath(this.topic.id, this.name), version: this.#version };
  }

  pagePath(level: number, segment: number): string {
    return `${cursorPath(this.topic.id, this.name, this.generation)}/${pageName(level, segment)}`;
  }

  /** Takes over a page that this gateway has just written. */
  keepWritten(level: number, segment: number, page: Page, version: number): void {
    if (this.pageVersion(level, segment) === ABSENT) this.#listingPart.noteOwnChange();
    this.#keep(level, segment, page, version).part.noteOwnChange();
  }

  noteAppended(): void {
    for (const part of this.#logs.values()) part.noteOwnChange();
  }

  markPageStale(level: number, segment: number): void {
    const loaded = this.#pages.get(`${level}/${segment}`);
    if (loaded !== undefined) loaded.part.stale = true;
  }

  markRecordStale(): void {
    this.#recordPart.stale = true;
  }

  noteFinished(level: number, segment: number): void {
    this.#pages.delete(`${level}/${segment}`);
    this.#finished.add(`${level}/${segment}`);
  }

  /** Reads everything again at the next `refresh`. */
  markAllStale(): void {
    for (const part of this.#parts()) part.stale = true;
    for (const level of this.#levels) this.topic.log(level).markStale();
  }

  /** Reads everything again, and sets its watches again, at the next `arm`. */
  disarm(): void {
    for (const part of this.#parts()) part.armed = false;
  }

  /** Reads again what is stale. Rejects with a StoreError. Afterwards `exists` tells whether there is one. */
  async refresh(): Promise<void> {
    await this.#read((part) => part.stale, false);
  }

  /** Sets a watch on every part that has none, which reads it. @returns whether anything had changed */
  async arm(): Promise<boolean> {
    const before = this.#fingerprint();
    await this.#read((part) => !part.armed, true);
    return this.#fingerprint() !== before;
  }

  /** Loads what a draft has found missing; rejects with a StoreError. */
  async loadMissing(missing: readonly Missing[]): Promise<void> {
    const once = new Map(missing.map((item) => [JSON.stringify(item), item]));
    await Promise.all([...once.values()].map((item) => this.#loadOne(item)));
  }

  async #read(isDue: (part: WatchedPart) => boolean, watching: boolean): Promise<void> {
    if (isDue(this.#recordPart))
      await this.#reading(this.#recordPart, watching, (options) => this.#readRecord(options));
    if (!this.exists) return;
    this.#levels = this.topic.logs.map((log) => log.level);
    const reads: Promise<void>[] = this.#levels
      .filter((level) => isDue(this.#logPart(level)) || this.topic.log(level).stale)
      .map((level) =>
        this.#reading(this.#logPart(level), watching, ({ watch }) => this.topic.log(level).refresh(watch)),
      );
    if (isDue(this.#listingPart)) {
      reads.push(this.#reading(this.#listingPart, watching, (options) => this.#readListing(options)));
    }
    await Promise.all(reads);
    const due = this.pages().filter(({ level, segment }) => isDue(this.#keptPart(level, segment)));
    await Promise.all(
      due.map(({ level, segment }) =>
        this.#reading(this.#keptPart(level, segment), watching, (options) =>
          this.#readPage(level, segment, options),
        ),
      ),
    );
  }

  async #reading(
    part: WatchedPart,
    watching: boolean,
    read: (options: ReadOptions) => Promise<void>,
  ): Promise<void> {
    part.beginRead(watching);
    try {
      await read(watching ? { watch: part.watch } : {});
    } catch (error) {
      part.failRead();
      throw error;
    }
  }

  async #readRecord(options: ReadOptions): Promise<void> {
    const node = await this.#store.read(subscriptionPath(this.topic.id, this.name), options);
    if (node === undefined) {
      this.#record = undefined;
      return;
    }
    const record = decodeRecord<SubscriptionRecord>(node.data);
    if (this.#record?.generation !== record.generation) {
      this.#pages.clear();
      this.#finished.clear();
      this.#firsts.clear();
      this.#listingPart.failRead();
      await this.topic.discoverLevels();
    }
    this.#record = record;
    this.#version = node.stat.version;
  }

  /** Which pages exist. A cursor has few: a segment's page goes when the segment does. */
  async #readListing(options: ReadOptions): Promise<void> {
    const listing = await this.#store.list(cursorPath(this.topic.id, this.name, this.generation), options);
    const places = (listing?.children ?? []).map(parsePageName).filter((place) => place !== undefined);
    const present = new Set(places.map(({ level, segment }) => `${level}/${segment}`));
    const appeared = places.filter(({ level, segment }) => this.pageVersion(level, segment) === ABSENT);
    const vanished = this.pages().filter(
      ({ level, segment, version }) => version !== ABSENT && !present.has(`${level}/${segment}`),
    );
    await Promise.all(
      [...appeared, ...vanished].map(({ level, segment }) => this.#readPage(level, segment, {})),
    );
  }

  async #readPage(level: number, segment: number, options: ReadOptions): Promise<void> {
    const node = await this.#store.read(this.pagePath(level, segment), options);
    if (node !== undefined) {
      const known = this.pageVersion(level, segment);
      // A page that this gateway has written while it was being read is newer than what was read.
      if (node.stat.version >= known) this.#keep(level, segment, decodePage(node.data), node.stat.version);
      return;
    }
    const log = this.topic.log(level);
    if (this.pageVersion(level, segment) !== ABSENT) log.forget(segment);
    const known = await log.segment(segment);
    if (known === undefined || known.header.state === 'trimmed') this.noteFinished(level, segment);
    else this.#keep(level, segment, initialPage(segment, this.start(level)), ABSENT);
  }

  async #loadOne(item: Missing): Promise<void> {
    if (item.kind === 'page') return this.#readPage(item.level, item.segment, {});
    const log = this.topic.log(item.level);
    const segment = await log.segment(item.segment);
    if (segment === undefined) return this.noteFinished(item.level, item.segment);
    if (item.kind === 'segment') return;
    const slot = log.slotAt(item.segment, item.offset);
    if (slot === undefined) return;
    const entry = await this.#entries.read(log.entryPath(item.segment, slot), slot.token);
    if (entry !== undefined) return;
    // Trimmed by another gateway while we looked: whatever our page says, nothing of it is left.
    log.forget(item.segment);
    this.markPageStale(item.level, item.segment);
    await this.refresh();
  }

  #keep(level: number, segment: number, page: Page, version: number): LoadedPage {
    const key = `${level}/${segment}`;
    const kept = this.#pages.get(key) ?? { page, version, part: new WatchedPart(this.#onHint) };
    kept.page = page;
    kept.version = version;
    kept.part.stale = false;
    this.#pages.set(key, kept);
    return kept;
  }

  /** Nothing is left of the segment for this subscription, and never will be in this generation. */
  #isDone(level: number, segment: number): boolean {
    const key = `${level}/${segment}`;
    if (this.#finished.has(key)) return true;
    const loaded = this.#pages.get(key);
    const known = this.topic.log(level).known(segment);
    return loaded !== undefined && known?.header.state === 'sealed' && isFinished(loaded.page, known.end);
  }

  #logPart(level: number): WatchedPart {
    let part = this.#logs.get(level);
    if (part === undefined) {
      part = new WatchedPart(this.#onHint);
      this.#logs.set(level, part);
    }
    return part;
  }

  #keptPart(level: number, segment: number): WatchedPart {
    return (this.#pages.get(`${level}/${segment}`) as LoadedPage).part;
  }

  *#parts(): Generator<WatchedPart> {
    yield this.#recordPart;
    yield this.#listingPart;
    yield* this.#logs.values();
    for (const { part } of this.#pages.values()) yield part;
  }

  /** Changes when anything does that a claim may depend on. */
  #fingerprint(): string {
    const logs = this.#levels.map((level) => {
      const { last } = this.topic.log(level);
      return [level, last, this.end(level, last)];
    });
    return JSON.stringify([
      this.#version,
      logs,
      this.pages().map(({ page, ...place }) => Object.values(place)),
    ]);
  }
}
