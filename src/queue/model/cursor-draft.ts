/**
 * What a batch of requests does to a subscription's cursor. Pure: it looks at a view of the cursor and the log, and
 * collects changed pages; whoever made it writes these with a compare-and-set, or throws them away.
 *
 * When something that must be seen is not in the view, it is noted in `missing` and the draft goes on as if the best
 * were the case, so that one look tells all that a batch needs; such a draft is only good for loading what it misses.
 */
import type { CommitRoom } from './commit-room.ts';
import type { CursorView, Missing, ViewedEntry } from './cursor-view.ts';
import { type DeliveryPolicy, isMessageExpired } from './delivery-policy.ts';
import { type EntryMessage, MOVED_BYTES_MAX, packedBytes } from './entry.ts';
import { isReady } from './lease.ts';
import { BURIED, emptyPage, type Page, type Run, replaceRange, runAt, WAITING } from './page.ts';
import type { LogPosition, Position } from './position.ts';
import type { Receipt } from './receipt.ts';

export type Settlement =
  | { readonly kind: 'ack' }
  | { readonly kind: 'nack'; readonly dueMs: number }
  | { readonly kind: 'extend'; readonly untilMs: number }
  | { readonly kind: 'reject'; readonly detail: string | undefined }
  /** Given back for a client that never saw the message: the delivery does not count. */
  | { readonly kind: 'release' };

/**
 * ok       the outcome, which holds once the changed pages are written
 * unsure   nothing was changed, and `as` is the outcome if the view is up to date; `acked` when the message is done
 * full     no more fits into this draft: try in the next one
 */
export type Settled =
  | { readonly kind: 'ok' }
  | { readonly kind: 'full' }
  | { readonly kind: 'unsure'; readonly as: 'ok' | 'lost' };

const OK: Settled = { kind: 'ok' };
const DONE: Settled = { kind: 'unsure', as: 'ok' };
const LOST: Settled = { kind: 'unsure', as: 'lost' };

/** A message that leaves the subscription for the dead letters. */
export interface Dead {
  readonly message: EntryMessage;
  readonly reason: 'max-deliveries' | 'rejected';
  readonly detail: string | undefined;
  readonly deliveries: number;
}

/** A draft hands out, and asks to load, no more than this: a fraction of the cache that it is loaded into. */
const BODY_BYTES_MAX = 16 * 1024 * 1024;
interface DraftedPage {
  readonly level: number;
  readonly segment: number;
  page: Page;
}

export class CursorDraft {
  readonly view: CursorView;
  readonly nowMs: number;
  /** The view's, made once. */
  readonly policy: DeliveryPolicy;
  readonly levels: readonly number[];
  readonly changed = new Map<string, DraftedPage>();
  readonly missing: Missing[] = [];
  readonly dead: Dead[] = [];
  /** Messages dropped because they had expired. */
  expired = 0;
  /** Messages passed over for good because the subscription does not want them. */
  unwanted = 0;
  /** No more fits: that a claim got nothing does not mean that there is nothing. */
  full = false;
  /** Something was given out on the strength of what pages of other levels show: see `orderPath`. */
  isOrdered = false;
  /** Something was met of which nothing is known: what lies behind it can't be judged by this draft. */
  blind = false;
  /** Many loads were needed: once this draft has something to write, it asks for no more. */
  readonly #hasLoadedMuch: boolean;
  readonly #room: CommitRoom;
  /** The page that was last found to have room: claims ask for each message. */
  #roomyLevel = -1;
  #roomySegment = -1;
  #bodyBytes = 0;
  #missingBytes = 0;

  /**
   * @param room in the commit that this is a draft of
   * @param hasLoadedMuch many drafts before this one have asked for loads. Loading one entry may evict another from the
   *   cache, and so they could ask for ever
   */
  constructor(view: CursorView, nowMs: number, room: CommitRoom, hasLoadedMuch = false) {
    this.view = view;
    this.#hasLoadedMuch = hasLoadedMuch;
    this.#room = room;
    this.nowMs = nowMs;
    this.policy = view.policy;
    this.levels = view.levels;
  }

  settle(receipt: Receipt, settlement: Settlement): Settled {
    return this.settleRange(receipt, 1, settlement).settled;
  }

  /**
   * Settles a receipt and those of the messages behind it in the segment under the same lease, up to `length` in sum.
   *
   * @returns what became of the first ones, and how many these are; at least one
   */
  settleRange(
    receipt: Receipt,
    length: number,
    settlement: Settlement,
  ): { readonly settled: Settled; readonly length: number } {
    const run = this.#runOf(receipt, settlement);
    if ('kind' in run) return { settled: run, length: 1 };
    if (this.isFull(receipt.level, receipt.segment)) return { settled: { kind: 'full' }, length: 1 };
    if (settlement.kind === 'reject')
      return { settled: this.#bury(receipt, run, 'rejected', settlement.detail), length: 1 };
    const { maxDeliveries } = this.policy;
    if (settlement.kind === 'nack' && maxDeliveries !== undefined && run.deliveries >= maxDeliveries)
      return { settled: this.#bury(receipt, run, 'max-deliveries', undefined), length: 1 };
    const settled = Math.min(length, run.start + run.length - receipt.offset);
    this.put(receipt, settled, settledState(run, settlement));
    return { settled: OK, length: settled };
  }

  /** The run that a receipt stands for, or what the receipt comes to without one. */
  #runOf(receipt: Receipt, settlement: Settlement): Run | Settled {
    if (receipt.generation !== this.view.generation) return LOST;
    const page = this.#page(receipt.level, receipt.segment);
    const done = settlement.kind === 'ack' ? DONE : LOST;
    if (page === undefined || page === 'finished') return done;
    if (receipt.offset >= page.frontier) return LOST;
    const run = runAt(page, receipt.offset);
    if (run === undefined) return done;
    return run.lease !== receipt.lease || this.isDead(run) ? LOST : run;
  }

  /**
   * Moves the messages to the dead letters whose last lease has ended. Whoever looks at a subscription does this
   * first, so that nobody sees such a message as still being there.
   */
  buryDead(): void {
    if (this.policy.maxDeliveries === undefined) return;
    for (const { level, segment, page } of this.view.pages()) {
      for (const run of this.lookAt(level, segment)?.runs ?? page.runs) {
        if (!this.isDead(run)) continue;
        for (let offset = run.start; offset < run.start + run.length; offset += 1) {
          this.#bury({ level, segment, offset }, run, 'max-deliveries', undefined);
          if (this.full) return;
        }
      }
    }
  }

  /** Its deliveries are used up and its lease, if any, has ended. */
  isDead(run: Run): boolean {
    const { maxDeliveries } = this.policy;
    return maxDeliveries !== undefined && run.deliveries >= maxDeliveries && isReady(run, this.nowMs);
  }

  /** The page as this draft has it so far; undefined when it is done with, or missing. */
  lookAt(level: number, segment: number): Page | undefined {
    const page = this.#page(level, segment);
    return page === 'finished' ? undefined : page;
  }

  /** The message at a position, or undefined (and noted) when it has yet to be read. */
  messageAt({ level, segment, offset }: Position): EntryMessage | undefined {
    const entry = this.entryAt(level, segment, offset);
    if (entry?.messages === undefined) this.noteUnread(level, segment, entry);
    return entry?.messages?.[offset - entry.start];
  }

  /** The entry at an offset, read or not. */
  entryAt(level: number, segment: number, offset: number): ViewedEntry | undefined {
    const entry = this.view.entryAt(level, segment, offset);
    if (entry === undefined) {
      this.missing.push({ kind: 'segment', level, segment });
      this.blind = true;
    }
    return entry;
  }

  #isRead({ level, segment, offset }: Position): boolean {
    return this.view.entryAt(level, segment, offset)?.messages !== undefined;
  }

  /** Whether what has yet to be read is left to the next commit. @param isBegun whether there is one without it */
  leavesUnread(isBegun: boolean): boolean {
    const leaves = this.#hasLoadedMuch && (isBegun || this.changed.size > 0);
    if (leaves) this.full = true;
    return leaves;
  }

  /** Has an entry read before the next draft is made. */
  noteUnread(level: number, segment: number, entry: ViewedEntry | undefined): void {
    if (entry === undefined) return;
    this.missing.push({ kind: 'entry', level, segment, offset: entry.start });
    this.#missingBytes += entry.bytes;
  }

  /** Puts `length` messages from a position on into a state; undefined means done. See `replaceRange`. */
  put({ level, segment, offset }: Position, length: number, state: Parameters<typeof replaceRange>[3]): void {
    const page = this.lookAt(level, segment);
    if (page === undefined) throw new Error('a page that is finished does not change');
    const replaced = replaceRange(page, offset, length, state);
    const key = `${level}/${segment}`;
    this.#room.addPage(key, page.runs.length, replaced.runs.length - page.runs.length);
    this.changed.set(key, { level, segment, page: replaced });
  }

  noteBody(bytes: number): void {
    this.#bodyBytes += bytes;
  }

  /** Whether nothing may be changed any more on a page by this draft. */
  isFull(level: number, segment: number): boolean {
    this.full ||=
      this.#room.isUsed ||
      this.#bodyBytes >= BODY_BYTES_MAX ||
      this.#missingBytes >= BODY_BYTES_MAX ||
      !this.#hasRoomFor(level, segment);
    return this.full;
  }

  #hasRoomFor(level: number, segment: number): boolean {
    const isKnown = level === this.#roomyLevel && segment === this.#roomySegment;
    if (this.changed.size === 0 || isKnown) return true;
    const page = this.view.page(level, segment);
    if (typeof page === 'object' && !this.#room.fitsPage(`${level}/${segment}`, page.runs.length))
      return false;
    this.#roomyLevel = level;
    this.#roomySegment = segment;
    return true;
  }

  /**
   * Takes room for a message that moves to another log in the same commit: see `CommitRoom`. After the first that is for
   * another commit, all else is as well.
   *
   * @param bytes packed, as it will be there
   */
  takeMoved({ level, segment }: Position, bytes: number): 'taken' | 'later' | 'never' {
    const runs = this.lookAt(level, segment)?.runs.length ?? 0;
    const taken = this.#room.takeMoved(`${level}/${segment}`, runs, bytes);
    if (taken === 'later') this.full = true;
    return taken;
  }

  #page(level: number, segment: number): Page | 'finished' | undefined {
    const drafted = this.changed.get(`${level}/${segment}`);
    if (drafted !== undefined) return drafted.page;
    const page = this.view.page(level, segment);
    if (page === undefined) this.missing.push({ kind: 'page', level, segment });
    return page;
  }

  #bury(position: Position, run: Run, reason: Dead['reason'], detail: string | undefined): Settled {
    if (this.isFull(position.level, position.segment)) return { kind: 'full' };
    if (!this.#isRead(position) && this.leavesUnread(false)) return { kind: 'full' };
    const message = this.messageAt(position);
    const buried = () => this.put(position, 1, { untilMs: 0, deliveries: 0, lease: BURIED });
    if (message === undefined) {
      buried();
      return OK;
    }
    if (isMessageExpired(message, this.policy, this.nowMs)) {
      buried();
      this.expired += 1;
      return OK;
    }
    const bytes = packedBytes(message) + MOVED_BYTES_MAX + Buffer.byteLength(detail ?? '');
    if (this.takeMoved(position, bytes) !== 'taken') return { kind: 'full' };
    buried();
    this.dead.push({ message, reason, detail, deliveries: run.deliveries });
    return OK;
  }
}

function settledState(run: Run, settlement: Exclude<Settlement, { kind: 'reject' }>) {
  switch (settlement.kind) {
    case 'ack':
      return undefined;
    case 'nack':
      return { untilMs: settlement.dueMs, deliveries: run.deliveries, lease: WAITING };
    case 'extend':
      return { untilMs: settlement.untilMs, deliveries: run.deliveries, lease: run.lease };
    case 'release':
      return { untilMs: 0, deliveries: run.deliveries - 1, lease: WAITING };
  }
}

/** The page on which a segment begins for a subscription that starts at `start`. */
export function initialPage(segment: number, start: LogPosition): Page {
  return emptyPage(segment === start.segment ? start.offset : 0);
}
