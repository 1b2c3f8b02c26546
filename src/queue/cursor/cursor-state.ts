/**
 * A subscription's cursor as this gateway has it in memory: the view that drafts are made from. Holds what the reader
 * has read and what this gateway has written itself; reads nothing.
 *
 * Every part may be behind. A write that relied on an old part fails, and the part is marked stale; an answer that
 * relies on there being nothing is given only after everything was read again behind a barrier.
 */

import type { EntryCache } from '../log/entry-cache.ts';
import type { Topic } from '../log/topic.ts';
import type { CursorView, ViewedEntry } from '../model/cursor-view.ts';
import { type DeliveryPolicy, policyOf } from '../model/delivery-policy.ts';
import { isFinished, type Page } from '../model/page.ts';
import { LOG_START, type LogPosition } from '../model/position.ts';
import { LIVE_CURSOR_VERSION, type SubscriptionRecord } from '../model/records.ts';
import type { DeliveryConfig } from '../model/vocabulary.ts';
import { cursorPath, pageName, subscriptionPath } from '../zookeeper/paths.ts';
import type { Write } from '../zookeeper/store.ts';
import type { AttemptShards } from './attempt-shards.ts';
import { NumberRanges } from './number-ranges.ts';
import { ABSENT, type PageNode, type PageStat } from './page-node.ts';
import { SeenTurnRequests } from './turn-request.ts';
import { WatchedPart } from './watched-part.ts';

export class CursorState implements CursorView {
  readonly topic: Topic;
  readonly name: string;
  readonly recordPart: WatchedPart;
  readonly listingPart: WatchedPart;
  readonly attempts: AttemptShards = new Map();
  readonly turnRequests = new SeenTurnRequests();
  readonly #entries: EntryCache;
  readonly #onHint: (foreign: boolean) => void;
  readonly #onDone: (level: number, segment: number) => void;
  readonly #pages = new Map<string, PageNode>();
  /** Segments from the first on that are known to be done with: trimmed, or gone. */
  readonly #finished = new Map<number, NumberRanges>();
  /** Segments that this gateway's server lacked at the last look. It may be behind, so the next look asks again. */
  readonly unseen = new Set<string>();
  /** Lowest segment of each level that is not known to be done with. */
  readonly #firsts = new Map<number, number>();
  readonly #logParts = new Map<number, WatchedPart>();
  /**
   * Where an order spans several levels, each claim relies on pages that it does not write, and so compares and sets a
   * node that all of them share. The version, 0 before the first such claim, or undefined when it has to be read.
   */
  orderVersion: number | undefined;
  /** `endsOf` the logs when a round last looked on behalf of all who wait; undefined when that look failed. */
  lookedAtEnds: string | undefined;
  /** See `receiptSeal`: undefined until somebody has asked for it. */
  seal: number | undefined;
  #record: SubscriptionRecord | undefined;
  #version = 0;

  /**
   * @param onHint called when something watched has changed, or must be armed again
   * @param onDone told of segments that turn out to be done with, perhaps long after the last ack
   */
  constructor(
    entries: EntryCache,
    topic: Topic,
    name: string,
    onHint: (foreign: boolean) => void,
    onDone: (level: number, segment: number) => void = () => {},
  ) {
    this.#entries = entries;
    this.topic = topic;
    this.name = name;
    this.#onHint = onHint;
    this.#onDone = onDone;
    this.recordPart = new WatchedPart(onHint);
    this.listingPart = new WatchedPart(onHint);
  }

  get exists(): boolean {
    return this.#record !== undefined;
  }

  get record(): SubscriptionRecord {
    if (this.#record === undefined) throw new Error('the cursor has not been read');
    return this.#record;
  }

  get version(): number {
    return this.#version;
  }

  get generation(): number {
    return this.record.generation;
  }

  get levels(): readonly number[] {
    return this.topic.logs.map((log) => log.level);
  }

  /** How messages are delivered: a queue's own configuration, or the subscription's. */
  get delivery(): DeliveryConfig {
    return this.record.config ?? (this.topic.config as unknown as DeliveryConfig);
  }

  get policy(): DeliveryPolicy {
    return policyOf(this.name, this.record, this.delivery, this.topic.storage);
  }

  start(level: number): LogPosition {
    return this.record.start[level] ?? LOG_START;
  }

  bounds(level: number): { first: number; last: number } {
    const log = this.topic.log(level);
    let first = Math.max(this.#firsts.get(level) ?? 0, this.start(level).segment, log.first);
    while (first < log.last && this.#isDone(level, first)) {
      // A segment that was finished before it was sealed is trimmed only when somebody says so.
      if (!this.#isNotedFinished(level, first)) this.#onDone(level, first);
      this.#forgetPage(level, first);
      first += 1;
    }
    this.#finished.get(level)?.dropBelow(first);
    this.#firsts.set(level, first);
    return { first, last: log.last };
  }

  page(level: number, segment: number): Page | 'finished' | undefined {
    const stated = this.#pages.get(`${level}/${segment}`);
    if (stated !== undefined) return stated.page;
    const { first, last } = this.bounds(level);
    const isUnseen = segment > last && this.unseen.has(`${level}/${segment}`);
    return segment < first || isUnseen || this.#isNotedFinished(level, segment) ? 'finished' : undefined;
  }

  end(level: number, segment: number): number | undefined {
    return this.topic.log(level).end(segment);
  }

  entryAt(level: number, segment: number, offset: number): ViewedEntry | undefined {
    const log = this.topic.log(level);
    const slot = log.slotAt(segment, offset);
    if (slot === undefined) return undefined;
    const path = log.entryPath(segment, slot);
    const { start, count, bytes } = slot;
    const { messages } = this.#entries.peek(path) ?? {};
    return { start, end: start + count, bytes, messages, groups: this.#entries.groups(path) };
  }

  pageNode(level: number, segment: number): PageNode | undefined {
    return this.#pages.get(`${level}/${segment}`);
  }

  pages(): PageNode[] {
    return [...this.#pages.values()];
  }

  /** The version to compare with when writing the page, or ABSENT. */
  pageVersion(level: number, segment: number): number {
    return this.#pages.get(`${level}/${segment}`)?.version ?? ABSENT;
  }

  /** Fails a commit when the subscription has been purged, moved or deleted since it was read. */
  guards(): Write[] {
    const path = subscriptionPath(this.topic.id, this.name);
    return [{ kind: 'check', path, version: this.#version }, ...this.cursorGuard()];
  }

  /** Fails a commit when the cursor is no longer the subscription's. */
  cursorGuard(): Write[] {
    if (this.topic.kind === 'queue') return [];
    return [{ kind: 'check', path: this.cursorPath, version: LIVE_CURSOR_VERSION }];
  }

  get cursorPath(): string {
    return cursorPath(this.topic.id, this.name, this.generation);
  }

  pagePath(level: number, segment: number): string {
    return `${this.cursorPath}/${pageName(level, segment)}`;
  }

  /** @returns whether it is of another generation than was known, of which no page is known */
  keepRecord(record: SubscriptionRecord | undefined, version: number): boolean {
    const isNew = this.#record?.generation !== record?.generation;
    if (isNew) {
      this.#pages.clear();
      this.#finished.clear();
      this.#firsts.clear();
      this.orderVersion = undefined;
      this.turnRequests.clear();
      this.listingPart.failRead();
    }
    this.#record = record;
    this.seal = undefined;
    this.#version = version;
    return isNew;
  }

  keepPage(level: number, segment: number, page: Page, { version, zxid, childChanges }: PageStat): PageNode {
    const key = `${level}/${segment}`;
    const kept = this.#pages.get(key) ?? {
      level,
      segment,
      page,
      version,
      zxid,
      part: new WatchedPart(this.#onHint),
    };
    kept.page = page;
    kept.version = version;
    kept.zxid = zxid;
    kept.part.stale = false;
    this.#pages.set(key, kept);
    if (version !== ABSENT) this.turnRequests.see(pageName(level, segment), childChanges);
    return kept;
  }

  /** The watched parts that a write of the page changes. */
  partsOf(level: number, segment: number): WatchedPart[] {
    const stated = this.#pages.get(`${level}/${segment}`);
    if (stated === undefined) return [this.listingPart];
    return stated.version === ABSENT ? [this.listingPart, stated.part] : [stated.part];
  }

  /** This gateway is about to append to the log, or has done so, or has not. */
  noteAppend(event: 'appending' | 'appended' | 'not-appended'): void {
    for (const level of this.levels) {
      const part = this.logPart(level);
      if (event === 'appending') part.beginOwnWrite();
      else part.endOwnWrite(event === 'appended');
    }
  }

  noteFinished(level: number, segment: number): void {
    this.#forgetPage(level, segment);
    if (segment < (this.#firsts.get(level) ?? 0)) return;
    this.#finished.set(level, (this.#finished.get(level) ?? new NumberRanges()).add(segment));
  }

  /**
   * The server has no such segment. One that its log has passed was trimmed. Any other may still come, so this holds
   * only until the next look, and what is answered by it is made certain behind a barrier.
   */
  noteAbsent(level: number, segment: number): void {
    if (segment <= this.topic.log(level).last) this.noteFinished(level, segment);
    else this.unseen.add(`${level}/${segment}`);
  }

  #isNotedFinished(level: number, segment: number): boolean {
    return this.#finished.get(level)?.has(segment) === true;
  }

  #forgetPage(level: number, segment: number): void {
    this.#pages.delete(`${level}/${segment}`);
    this.turnRequests.forget(pageName(level, segment));
  }

  markPageStale(level: number, segment: number): void {
    const stated = this.#pages.get(`${level}/${segment}`);
    if (stated !== undefined) stated.part.stale = true;
  }

  get isOrdered(): boolean {
    return this.delivery.ordering !== 'none' && this.levels.length > 1;
  }

  /** Everything is to be read again. */
  markAllStale(): void {
    this.orderVersion = undefined;
    for (const part of this.parts()) part.stale = true;
    for (const log of this.topic.logs) log.markStale();
  }

  logPart(level: number): WatchedPart {
    let part = this.#logParts.get(level);
    if (part === undefined) {
      part = new WatchedPart(this.#onHint);
      this.#logParts.set(level, part);
    }
    return part;
  }

  *parts(): Generator<WatchedPart> {
    yield this.recordPart;
    yield this.listingPart;
    yield* this.#logParts.values();
    for (const { part } of this.#pages.values()) yield part;
  }

  /** Nothing is left of a segment before the last for this subscription, and never will be in this generation. */
  #isDone(level: number, segment: number): boolean {
    if (this.#isNotedFinished(level, segment)) return true;
    const stated = this.#pages.get(`${level}/${segment}`);
    const log = this.topic.log(level);
    if (log.known(segment)?.header.state === 'trimmed') return true;
    const end = log.end(segment);
    return stated !== undefined && end !== undefined && isFinished(stated.page, end);
  }
}
