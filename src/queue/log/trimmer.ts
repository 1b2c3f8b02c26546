/**
 * Removes segments in which no subscription has anything left. Any gateway may do it at any time: one commit deletes
 * a segment's entries and pages, under checks that all of them are still as they were found.
 *
 *     first                        last                first               last
 *     sealed*  sealed  sealed*  open       -->         sealed  trimmed  open          * finished
 *
 * In the middle the header stays, as `trimmed`, until all before it are gone: numbers stay dense, so that the ends of
 * a log are known from one stat. An open segment that is finished is sealed early once nothing has come for a moment,
 * or a quiet queue would keep for ever what was acked; while messages come it fills up, since each new segment makes
 * those who publish wait.
 */
import { initialPage } from '../model/cursor-draft.ts';
import { isWanted } from '../model/delivery-policy.ts';
import { withHole } from '../model/holes.ts';
import { isFinished, isPending, type Page } from '../model/page.ts';
import { decodePage } from '../model/page-codec.ts';
import { LOG_START } from '../model/position.ts';
import { decodeRecord, LIVE_CURSOR_VERSION, type SubscriptionRecord } from '../model/records.ts';
import { bytesOf, encodeHeader, SEALED_VERSION } from '../model/segment.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { cursorPath, holesPath, pageName, subscriptionPath, subscriptionsPath } from '../zookeeper/paths.ts';
import { ANY_VERSION, StoreError, type Write } from '../zookeeper/store.ts';
import type { EntryCache } from './entry-cache.ts';
import { holesWrites, readHoles } from './hole-node.ts';
import type { Segment } from './known-segments.ts';
import type { Log } from './log.ts';
import { RestingSegments } from './resting-segments.ts';
import { Retention } from './retention.ts';
import { readSubscriptionSet } from './subscription-set.ts';
import type { Topic } from './topic.ts';

/** Fewer acked messages of a queue stay in the open segment until there are more. */
const TINY_ENTRIES = 16;
/** More do not wait for a quiet moment. */
const WAITING_BYTES_MAX = 64 * 1024;
const QUIET_MS = 100;
/** After a failure of the ensemble. */
const AGAIN_MS = 5_000;

interface Candidate {
  readonly level: number;
  readonly segment: number;
  readonly hasRested: boolean;
}

export class Trimmer {
  readonly #runtime: Runtime;
  readonly #topic: Topic;
  readonly #cache: EntryCache;
  readonly #onTrimmed: (level: number, segment: number) => void;
  readonly #retention: Retention;
  readonly #resting: RestingSegments;
  readonly #waiting = new Map<string, Candidate>();
  #running = false;
  #closed = false;
  /** Where the open segment of each level ended when it was first seen so, on the monotonic clock. */
  readonly #seen = new Map<number, { segment: number; end: number; atMs: number }>();
  /** End the timers, by level. */
  readonly #cancels = new Map<number, () => void>();

  constructor(
    runtime: Runtime,
    topic: Topic,
    cache: EntryCache,
    onTrimmed: (level: number, segment: number) => void,
  ) {
    this.#runtime = runtime;
    this.#cache = cache;
    this.#topic = topic;
    this.#onTrimmed = onTrimmed;
    this.#retention = new Retention(runtime, topic, (level) =>
      this.considerUpTo(level, topic.log(level).last),
    );
    this.#resting = new RestingSegments(runtime.timers, (level, segment) =>
      this.#enqueue({ level, segment, hasRested: true }),
    );
  }

  /** Has a segment looked at, which at least one subscription has finished. Returns at once. */
  consider(level: number, segment: number): void {
    if (!this.#waiting.has(`${level}/${segment}`)) this.#enqueue({ level, segment, hasRested: false });
  }

  /** Has every segment up to one looked at: retention may have ended for them, or nobody subscribes. */
  considerUpTo(level: number, upTo: number): void {
    for (let segment = this.#topic.log(level).first; segment <= upTo; segment += 1)
      this.consider(level, segment);
  }

  close(): void {
    this.#closed = true;
    this.#retention.close();
    this.#resting.close();
    for (const cancel of this.#cancels.values()) cancel();
  }

  #enqueue(candidate: Candidate): void {
    this.#waiting.set(`${candidate.level}/${candidate.segment}`, candidate);
    if (!this.#running) void this.#run();
  }

  #considerAgain(level: number, segment: number): void {
    this.#runtime.timers.after(AGAIN_MS, () => {
      if (!this.#closed) this.consider(level, segment);
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (const [key, { level, segment, hasRested }] of this.#waiting) {
      this.#waiting.delete(key);
      try {
        await this.#trim(this.#topic.log(level), segment, hasRested);
      } catch (error) {
        // What a gateway leaves undone as it dies is found by whoever trims next; the living try again.
        if (error instanceof StoreError) this.#considerAgain(level, segment);
        else this.#runtime.logger.error({ err: error }, 'trimming failed');
      }
    }
    this.#running = false;
  }

  async #trim(log: Log, number: number, hasRested: boolean): Promise<void> {
    let segment = await log.segment(number);
    if (segment === undefined) return;
    if (await this.#retention.isKept(log, segment)) {
      this.#leave(log.level, number);
      return;
    }
    if (segment.header.state === 'open') {
      if (segment.slots.length === 0 || !this.#isDue(log.level, segment)) return;
      // Sealing what is still in use would only make more segments.
      if ((await this.#finishedPages(log.level, segment)) === undefined) return;
      await log.seal(segment);
      segment = await log.segment(number);
    }
    if (segment?.header.state !== 'sealed') return;
    if (this.#topic.showsItsLog && !hasRested) {
      this.#resting.rest(log.level, number);
      return;
    }
    // Sealed by somebody who has not come to open the next one yet: then this opens it.
    if (number >= log.last) await log.refresh();
    const pages = await this.#finishedPages(log.level, segment);
    if (pages === undefined) return;
    const path = log.path(number);
    // Others may have trimmed what lay before: a header is kept only for those that are really there.
    await log.findFirst();
    const header = number === log.first ? deletion(path, SEALED_VERSION) : await this.#hole(log, segment);
    if (header === undefined) return;
    const writes = [
      ...segment.slots.flatMap((slot) => deletion(log.entryPath(number, slot), ANY_VERSION)),
      ...pages,
      // The next segment has to be there first: a log must always have a last segment to append to.
      { kind: 'check', path: log.path(number + 1), version: ANY_VERSION } as const,
      ...header,
    ];
    const result = await this.#runtime.store.commit(writes);
    log.forget(number);
    if (!result.applied) {
      // A subscription has come or gone, and perhaps none that needs it; or another hole has come.
      const { id } = this.#topic;
      const isAnother = [subscriptionsPath(id), holesPath(id)].includes(writes[result.index]?.path ?? '');
      if (isAnother) this.consider(log.level, number);
      return;
    }
    for (const slot of segment.slots) this.#cache.forget(log.entryPath(number, slot));
    this.#onTrimmed(log.level, number);
    await this.#dropHeaders(log);
  }

  /** The writes that leave only the header, for those before it; undefined when it is to wait for them. */
  async #hole(log: Log, { number, header, slots, end }: Segment): Promise<Write[] | undefined> {
    const { id } = this.#topic;
    const stated = await readHoles(this.#runtime.store, id);
    const hole = { from: number, to: number, messages: end, bytes: bytesOf(slots) };
    const holes = withHole(stated.holes, log.level, log.first, hole);
    if (holes === undefined) return undefined;
    const data = encodeHeader({ ...header, state: 'trimmed' });
    const trimmed: Write = { kind: 'set', path: log.path(number), data, version: SEALED_VERSION };
    return [...holesWrites(id, stated, holes), trimmed];
  }

  /**
   * Whether an open segment is to be sealed if it is finished. A queue keeps a few acked messages until there are more.
   * A topic would show them, so there they go at once.
   */
  #isDue(level: number, segment: Segment): boolean {
    if (bytesOf(segment.slots) >= WAITING_BYTES_MAX) return true;
    if (!this.#topic.showsItsLog && segment.slots.length < TINY_ENTRIES) return false;
    const nowMs = this.#runtime.timers.monotonicMs();
    let seen = this.#seen.get(level);
    if (seen?.segment !== segment.number || seen.end !== segment.end) {
      seen = { segment: segment.number, end: segment.end, atMs: nowMs };
      this.#seen.set(level, seen);
    }
    const waitMs = seen.atMs + QUIET_MS - nowMs;
    if (waitMs <= 0) return true;
    this.#lookAgain(level, segment.number, waitMs);
    return false;
  }

  /** One timer for each level, for the segment that was looked at last. */
  #lookAgain(level: number, segment: number, waitMs: number): void {
    this.#cancels.get(level)?.();
    const cancel = this.#runtime.timers.after(Math.max(1, waitMs), () => {
      this.consider(level, segment);
    });
    this.#cancels.set(level, cancel);
  }

  /** Whether a subscription with a filter wants anything of what it has yet to go through. */
  async #wants(
    level: number,
    segment: Segment,
    page: Page,
    record: SubscriptionRecord,
    subscription: string,
  ): Promise<boolean> {
    const filter = record.config?.filter;
    if (filter === undefined || page.runs.some(isPending)) return true;
    const log = this.#topic.log(level);
    const policy = { subscription, filter, purgedSchedule: record.purgedSchedule ?? 0 };
    for (const slot of segment.slots) {
      const entry = await this.#cache.read(log.entryPath(segment.number, slot), slot.token);
      const left = (entry?.messages ?? []).slice(Math.max(0, page.frontier - slot.start));
      if (left.some((message) => isWanted(message, policy))) return true;
    }
    return false;
  }

  /** What lies behind a segment that is kept is kept as well. */
  #leave(level: number, kept: number): void {
    for (const [key, candidate] of this.#waiting)
      if (candidate.level === level && candidate.segment > kept) this.#waiting.delete(key);
  }

  /** The writes that remove the segment's pages, or undefined when a subscription is not done with it. */
  async #finishedPages(level: number, segment: Segment): Promise<Write[] | undefined> {
    const { store } = this.#runtime;
    const { id } = this.#topic;
    const subscriptions = await readSubscriptionSet(store, this.#topic);
    if (subscriptions === undefined) return undefined;
    const writes = [...subscriptions.guards];
    for (const name of subscriptions.names) {
      const node = await store.read(subscriptionPath(id, name));
      if (node === undefined) return undefined;
      const record = decodeRecord<SubscriptionRecord>(node.data);
      // A seek may bring back what is finished now: then this commit fails.
      writes.push({ kind: 'check', path: subscriptionPath(id, name), version: node.stat.version });
      const cursor = cursorPath(id, name, record.generation);
      if (!this.#topic.hasOneSubscription)
        writes.push({ kind: 'check', path: cursor, version: LIVE_CURSOR_VERSION });
      const path = `${cursor}/${pageName(level, segment.number)}`;
      const page = await store.read(path);
      const start = record.start[level] ?? LOG_START;
      if (segment.number < start.segment) continue;
      const state = page === undefined ? initialPage(segment.number, start) : decodePage(page.data);
      if (!isFinished(state, segment.end) && (await this.#wants(level, segment, state, record, name)))
        return undefined;
      if (page === undefined) continue;
      writes.push({ kind: 'delete', path, version: page.stat.version });
    }
    return writes;
  }

  /**
   * Removes headers that have stayed only for those before them. The segment that ends this may be one whose trimming
   * failed, or died with its gateway: it is looked at again, since nobody else would.
   */
  async #dropHeaders(log: Log): Promise<void> {
    await log.findFirst();
    for (let number = log.first; number < log.last; number += 1) {
      log.forget(number);
      const header = await log.header(number);
      if (header?.state === 'trimmed') {
        await this.#runtime.store.commit([{ kind: 'delete', path: log.path(number), version: ANY_VERSION }]);
      } else if (header !== undefined) {
        this.consider(log.level, number);
        return;
      }
      log.noteFirst(number + 1);
    }
  }
}

function deletion(path: string, version: number): Write[] {
  return [{ kind: 'delete', path, version }];
}
