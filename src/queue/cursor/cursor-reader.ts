/**
 * Reads a subscription's cursor and log into its state: what is stale, what a draft has found missing, and, while
 * somebody waits, everything once more with a watch on it.
 */
import type { EntryCache } from '../log/entry-cache.ts';
import type { Missing } from '../model/cursor-view.ts';
import { decodePage } from '../model/page-codec.ts';
import { decodeRecord, type SubscriptionRecord } from '../model/records.ts';
import type { EntrySlot } from '../model/segment.ts';
import { orderPath, parsePageName, subscriptionPath } from '../zookeeper/paths.ts';
import type { ReadOptions, Store } from '../zookeeper/store.ts';
import type { CursorState } from './cursor-state.ts';
import { ABSENT, NO_STAT } from './page-node.ts';
import { untouchedPage } from './untouched-page.ts';
import type { WatchedPart } from './watched-part.ts';

const SEGMENTS_AHEAD = 16;

/** Every method rejects with a StoreError. */
export class CursorReader {
  readonly #store: Store;
  readonly #entries: EntryCache;
  readonly #state: CursorState;

  constructor(store: Store, entries: EntryCache, state: CursorState) {
    this.#store = store;
    this.#entries = entries;
    this.#state = state;
  }

  /** Reads again what is stale. Afterwards `state.exists` tells whether there is such a subscription. */
  async refresh(): Promise<void> {
    await this.#read((part) => part.stale, false);
  }

  /** Sets a watch on every part that has none, which reads it. @returns whether there is anything to look at */
  async arm(): Promise<boolean> {
    const state = this.#state;
    const before = state.exists ? fingerprintOf(state) : '';
    await this.#read((part) => !part.armed, true);
    return !state.exists || fingerprintOf(state) !== before || endsOf(state) !== state.lookedAtEnds;
  }

  /** Has everything read again, and watched anew, by the next `arm`. */
  disarm(): void {
    for (const part of this.#state.parts()) part.armed = false;
  }

  /**
   * Reads what a draft has found missing.
   *
   * @param hasLoadedMuch earlier drafts have asked for many loads: then it reads ahead, since they will ask for more
   */
  async loadMissing(missing: readonly Missing[], hasLoadedMuch: boolean): Promise<void> {
    const once = new Map(missing.map((item) => [JSON.stringify(item), item]));
    await Promise.all([...once.values()].map((item) => this.#loadOne(item, hasLoadedMuch)));
  }

  async #read(isDue: (part: WatchedPart) => boolean, watching: boolean): Promise<void> {
    const state = this.#state;
    state.unseen.clear();
    // Wait also for reads that others have begun: a look that must be certain relies on all of them.
    const ensure = (
      part: WatchedPart,
      read: (options: ReadOptions) => Promise<void>,
      { due = isDue(part), watched = watching } = {},
    ) => (due ? this.#reading(part, watched, read) : part.reading);
    // Watch the record of a topic's subscription also while nobody waits: when it is deleted, this gateway forgets it.
    const watched = watching || state.topic.kind === 'topic';
    await ensure(state.recordPart, (options) => this.#readRecord(options), { watched });
    if (!state.exists) return;
    if (state.isOrdered && state.orderVersion === undefined) await this.#readOrder();
    const logs = state.levels.map((level) => {
      const log = state.topic.log(level);
      const part = state.logPart(level);
      const due = isDue(part) || log.stale;
      return ensure(part, ({ watch }) => log.refresh(watch), { due }) ?? log.refreshed();
    });
    await Promise.all([...logs, ensure(state.listingPart, (options) => this.#readListing(options))]);
    await Promise.all(
      state.pages().map(({ level, segment, version, part }) => {
        // A page that does not exist yet needs no watch: the watch on the listing tells when it is made.
        const due = version === ABSENT ? part.stale : isDue(part);
        return ensure(part, (options) => this.#readPage(level, segment, options), { due });
      }),
    );
  }

  #reading(
    part: WatchedPart,
    watching: boolean,
    read: (options: ReadOptions) => Promise<void>,
  ): Promise<void> {
    part.beginRead(watching);
    const ended = () => {
      if (part.reading === reading) part.reading = undefined;
    };
    const reading = read(watching ? { watch: part.watch } : {}).then(ended, (error: unknown) => {
      ended();
      part.failRead();
      throw error;
    });
    part.reading = reading;
    return reading;
  }

  async #readRecord(options: ReadOptions): Promise<void> {
    const { topic, name } = this.#state;
    const node = await this.#store.read(subscriptionPath(topic.id, name), options);
    const record = node === undefined ? undefined : decodeRecord<SubscriptionRecord>(node.data);
    // No node, so no watch was set: leave it stale and read it again next time.
    if (record === undefined) this.#state.recordPart.failRead();
    if (this.#state.keepRecord(record, node?.stat.version ?? 0)) await topic.discoverLevels();
  }

  /** Before the pages: a claim of another gateway that comes in between then fails ours. */
  async #readOrder(): Promise<void> {
    const state = this.#state;
    state.listingPart.stale = true;
    for (const { part } of state.pages()) part.stale = true;
    const stat = await this.#store.stat(orderPath(state.cursorPath));
    state.orderVersion = stat?.version ?? 0;
  }

  /** Which pages exist. A cursor has few: a segment's page goes when the segment does. */
  async #readListing(options: ReadOptions): Promise<void> {
    const listing = await this.#store.list(this.#state.cursorPath, options);
    const places = (listing?.children ?? []).map(parsePageName).filter((place) => place !== undefined);
    const present = new Set(places.map(({ level, segment }) => `${level}/${segment}`));
    const appeared = places.filter(
      ({ level, segment }) => this.#state.pageVersion(level, segment) === ABSENT,
    );
    const vanished = this.#state
      .pages()
      .filter(({ level, segment, version }) => version !== ABSENT && !present.has(`${level}/${segment}`));
    await Promise.all(
      [...appeared, ...vanished].map(({ level, segment }) => this.#readPage(level, segment, {})),
    );
  }

  async #readPage(level: number, segment: number, options: ReadOptions): Promise<void> {
    const state = this.#state;
    const { generation } = state;
    const node = await this.#store.read(state.pagePath(level, segment), options);
    if (!state.exists || state.generation !== generation) return;
    if (node !== undefined) {
      // This gateway may have written the page during the read. Then what it wrote is newer: keep that.
      const { version, mzxid: zxid, childChanges } = node.stat;
      if (zxid >= (state.pageNode(level, segment)?.zxid ?? 0n)) {
        state.keepPage(level, segment, decodePage(node.data), { version, zxid, childChanges });
      }
      return;
    }
    const log = state.topic.log(level);
    if (state.pageVersion(level, segment) !== ABSENT) log.forget(segment);
    const known = await log.segment(segment);
    if (known === undefined) state.noteAbsent(level, segment);
    else if (known.header.state === 'trimmed') state.noteFinished(level, segment);
    else state.keepPage(level, segment, untouchedPage(state, level, segment), NO_STAT).part.armed = false;
  }

  async #loadOne(item: Missing, hasLoadedMuch: boolean): Promise<void> {
    if (hasLoadedMuch && item.kind !== 'entry') {
      await Promise.all([this.#loadOne(item, false), this.#loadBehind(item.level, item.segment)]);
      return;
    }
    if (item.kind === 'page') return this.#readPage(item.level, item.segment, {});
    const log = this.#state.topic.log(item.level);
    const known = log.known(item.segment);
    if (item.kind === 'segment' && known !== undefined) {
      // The page tells of entries that came after the listing.
      if (known.header.state === 'open') return log.refresh();
      // The segment is sealed, so the listing is not old. Our page is: it predates the trim. Read it again.
      log.forget(item.segment);
      return this.#readPage(item.level, item.segment, {});
    }
    const segment = await log.segment(item.segment);
    if (segment === undefined) return this.#state.noteFinished(item.level, item.segment);
    if (item.kind === 'segment') return;
    const slot = log.slotAt(item.segment, item.offset);
    if (slot === undefined) return;
    const read = (each: EntrySlot) => this.#entries.read(log.entryPath(item.segment, each), each.token);
    const ahead = hasLoadedMuch ? segment.slots.filter(({ start }) => start > slot.start) : [];
    const [entry] = await Promise.all([slot, ...ahead].map(read));
    if (entry !== undefined) return;
    // Another gateway trimmed the segment while we looked. Our page is old: read it again.
    log.forget(item.segment);
    await this.#readPage(item.level, item.segment, {});
  }

  /** Pages and listings of the segments behind one. */
  async #loadBehind(level: number, segment: number): Promise<void> {
    const log = this.#state.topic.log(level);
    const loads: Promise<unknown>[] = [];
    for (let next = segment + 1; next <= Math.min(log.last, segment + SEGMENTS_AHEAD); next += 1) {
      const page = this.#state.page(level, next);
      if (page === undefined) loads.push(this.#readPage(level, next, {}));
      else if (page !== 'finished') loads.push(log.segment(next));
    }
    await Promise.all(loads);
  }
}

/** Changes when anything does that a claim may depend on. */
function fingerprintOf(state: CursorState): string {
  const pages = state.pages().map((page) => [page.level, page.segment, page.version]);
  return JSON.stringify([state.version, endsOf(state), pages]);
}

/**
 * Where the logs end as far as this gateway knows. All its subscriptions share that knowledge. When another one of them,
 * or a publisher, has read further, a read of ours brings nothing new; and yet this subscription has to look.
 */
export function endsOf({ topic }: CursorState): string {
  return topic.logs.map((log) => `${log.level}/${log.last}/${log.known(log.last)?.end}`).join();
}
