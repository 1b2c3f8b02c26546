/**
 * What a batch of requests does to a subscription's cursor. Pure: it looks at a view of the cursor and the log, and
 * collects changed pages; whoever called it writes these with a compare-and-set, or throws them away.
 *
 * When something that must be seen is not in the view, it is noted in `missing` and the draft goes on as if the best
 * were the case, so that one look tells all that a batch needs; such a draft is only good for loading what it misses.
 */
import type { EntryMessage } from './entry.ts';
import { earliestDueMs, emptyPage, type Page, replaceRange, runAt, WAITING } from './page.ts';
import type { LogPosition, Position } from './position.ts';
import type { Receipt } from './receipt.ts';

/** What is known of a cursor and its log. Undefined always means: not known here, look. */
export interface CursorView {
  readonly generation: number;
  /** Priority levels with a log, the one to be served first at the front. */
  readonly levels: readonly number[];
  start(level: number): LogPosition;
  /** Segments that may hold work, both inclusive; `last` below `first` for an empty log. */
  bounds(level: number): { readonly first: number; readonly last: number };
  /** 'finished' when the segment is done with, or gone. */
  page(level: number, segment: number): Page | 'finished' | undefined;
  /** Number of messages in the segment. */
  end(level: number, segment: number): number | undefined;
  /** The entry that holds the offset. */
  entryAt(level: number, segment: number, offset: number): ViewedEntry | undefined;
}

export interface ViewedEntry {
  /** Offset of its first message, and the one behind its last. */
  readonly start: number;
  readonly end: number;
  /** Bytes of all its bodies. */
  readonly bytes: number;
  /** Undefined when the entry has yet to be read. */
  readonly messages: readonly EntryMessage[] | undefined;
}

export type Missing =
  | { readonly kind: 'segment'; readonly level: number; readonly segment: number }
  | { readonly kind: 'page'; readonly level: number; readonly segment: number }
  | { readonly kind: 'entry'; readonly level: number; readonly segment: number; readonly offset: number };

export interface Claim {
  readonly max: number;
  readonly lease: number;
  readonly untilMs: number;
  /** Takes and deletes at once. */
  readonly autoAck: boolean;
}

export interface Claimed extends Position {
  readonly message: EntryMessage;
  /** 1 on the first delivery. */
  readonly deliveries: number;
}

export type Settlement =
  | { readonly kind: 'ack' }
  | { readonly kind: 'nack'; readonly dueMs: number }
  | { readonly kind: 'extend'; readonly untilMs: number }
  /** Given back for a client that never saw the message: the delivery does not count. */
  | { readonly kind: 'release' };

/**
 * ok, lost    the outcome, which holds once the changed pages are written
 * unsure      nothing was changed, and `as` is the outcome if the view is up to date
 * full        no more fits into this draft: try in the next one
 */
export type Settled =
  | { readonly kind: 'ok' | 'full' }
  | { readonly kind: 'unsure'; readonly as: 'ok' | 'lost' };

/** One write holds so many pages, and so many runs in them, that it stays far below the size of a packet. */
const PAGES_MAX = 64;
const RUNS_MAX = 16_000;
/** One answer carries no more than this in bodies, but at least one message. */
const CLAIM_BODY_BYTES_MAX = 4 * 1024 * 1024;
/** A draft hands out, and asks to load, no more than this: a fraction of the cache that it is loaded into. */
const DRAFT_BYTES_MAX = 16 * 1024 * 1024;

export class CursorDraft {
  readonly changed = new Map<string, { readonly level: number; readonly segment: number; page: Page }>();
  readonly missing: Missing[] = [];
  /** No more fits: that a claim got nothing does not mean that there is nothing. */
  full = false;
  /** Messages dropped because they had expired. */
  expired = 0;
  readonly #view: CursorView;
  readonly #nowMs: number;
  /** Everything claimable before this has been claimed by this draft: where the next claim goes on. */
  readonly #claimedUpTo = new Map<number, LogPosition>();
  #runs = 0;
  #bodyBytes = 0;
  #missingBytes = 0;
  /** A claim has come upon a segment of which nothing is known: what lies behind it can't be judged. */
  #blind = false;

  constructor(view: CursorView, nowMs: number) {
    this.#view = view;
    this.#nowMs = nowMs;
  }

  settle(receipt: Receipt, settlement: Settlement): Settled {
    if (receipt.generation !== this.#view.generation) return { kind: 'unsure', as: 'lost' };
    const page = this.#page(receipt.level, receipt.segment);
    const gone = { kind: 'unsure', as: settlement.kind === 'ack' ? 'ok' : 'lost' } as const;
    if (page === undefined || page === 'finished') return gone;
    if (receipt.offset >= page.frontier) return { kind: 'unsure', as: 'lost' };
    const run = runAt(page, receipt.offset);
    if (run === undefined) return gone;
    if (run.lease !== receipt.lease) return { kind: 'unsure', as: 'lost' };
    if (this.#isFull(receipt.level, receipt.segment)) return { kind: 'full' };
    this.#put(
      receipt.level,
      receipt.segment,
      replaceRange(page, receipt.offset, 1, settledState(run, settlement)),
    );
    return { kind: 'ok' };
  }

  /** Leases up to `max` messages, in the order of priority and log; fewer, or none, when there are no more. */
  claim(claim: Claim): Claimed[] {
    const claimed: Claimed[] = [];
    let bytes = 0;
    for (const level of this.#view.levels) {
      const { first, last } = this.#view.bounds(level);
      const from = this.#claimedUpTo.get(level) ?? { segment: first, offset: 0 };
      for (let segment = from.segment; segment <= last; segment += 1) {
        const offset = segment === from.segment ? from.offset : 0;
        bytes = this.#claimFrom(level, segment, offset, claim, claimed, bytes);
        if (claimed.length >= claim.max || bytes >= CLAIM_BODY_BYTES_MAX) return claimed;
        if (this.#blind || this.#isFull(level, segment)) return claimed;
      }
    }
    return claimed;
  }

  /** The page as this draft has it so far; undefined when it is done with, or missing. */
  lookAt(level: number, segment: number): Page | undefined {
    const page = this.#page(level, segment);
    return page === 'finished' ? undefined : page;
  }

  /** The message at a position, or undefined (and noted) when it has yet to be read. */
  messageAt({ level, segment, offset }: Position): EntryMessage | undefined {
    const entry = this.#entryAt(level, segment, offset);
    return entry?.messages?.[offset - entry.start];
  }

  #claimFrom(
    level: number,
    segment: number,
    from: number,
    claim: Claim,
    claimed: Claimed[],
    before: number,
  ): number {
    const page = this.#page(level, segment);
    const end = this.#view.end(level, segment);
    if (page === 'finished') {
      this.#claimedUpTo.set(level, { segment: segment + 1, offset: 0 });
      return before;
    }
    if (page !== undefined && end === undefined) this.missing.push({ kind: 'segment', level, segment });
    if (page === undefined || end === undefined) {
      this.#blind = true;
      return before;
    }
    let bytes = before;
    let entry: ViewedEntry | undefined;
    for (const { start, stop, deliveries } of this.#claimable(page, from, end)) {
      for (let offset = start; offset < stop; offset += 1) {
        if (claimed.length >= claim.max || bytes >= CLAIM_BODY_BYTES_MAX || this.#isFull(level, segment)) {
          this.#claimedUpTo.set(level, { segment, offset });
          return bytes;
        }
        if (entry === undefined || offset >= entry.end) entry = this.#entryAt(level, segment, offset);
        if (entry === undefined) return bytes;
        const message = entry.messages?.[offset - entry.start];
        const expired = message?.expiresAtMs !== undefined && message.expiresAtMs <= this.#nowMs;
        const gone = expired || claim.autoAck;
        const leased = { untilMs: claim.untilMs, deliveries: deliveries + 1, lease: claim.lease };
        const current = this.#page(level, segment) as Page;
        this.#put(level, segment, replaceRange(current, offset, 1, gone ? undefined : leased));
        if (expired) {
          this.expired += 1;
          continue;
        }
        claimed.push({ level, segment, offset, message: message ?? UNSEEN, deliveries: deliveries + 1 });
        const bodyBytes = message?.body.length ?? Math.ceil(entry.bytes / (entry.end - entry.start));
        bytes += bodyBytes;
        this.#bodyBytes += bodyBytes;
      }
    }
    this.#claimedUpTo.set(level, { segment: segment + 1, offset: 0 });
    return bytes;
  }

  /** The entry at an offset; notes it as missing, once, when it has yet to be read. */
  #entryAt(level: number, segment: number, offset: number): ViewedEntry | undefined {
    const entry = this.#view.entryAt(level, segment, offset);
    if (entry === undefined) {
      this.missing.push({ kind: 'segment', level, segment });
      this.#blind = true;
    } else if (entry.messages === undefined) {
      this.missing.push({ kind: 'entry', level, segment, offset: entry.start });
      this.#missingBytes += entry.bytes;
    }
    return entry;
  }

  /** Ranges of the page that may be claimed now, in order. A copy: the page changes while they are gone through. */
  #claimable(page: Page, from: number, end: number): { start: number; stop: number; deliveries: number }[] {
    const ranges = page.runs
      .filter((run) => run.untilMs <= this.#nowMs && run.start + run.length > from)
      .map((run) => ({
        start: Math.max(from, run.start),
        stop: run.start + run.length,
        deliveries: run.deliveries,
      }));
    if (page.frontier < end) ranges.push({ start: page.frontier, stop: end, deliveries: 0 });
    return ranges;
  }

  #page(level: number, segment: number): Page | 'finished' | undefined {
    const drafted = this.changed.get(`${level}/${segment}`);
    if (drafted !== undefined) return drafted.page;
    const page = this.#view.page(level, segment);
    if (page === undefined) this.missing.push({ kind: 'page', level, segment });
    return page;
  }

  #put(level: number, segment: number, page: Page): void {
    const key = `${level}/${segment}`;
    const drafted = this.changed.get(key);
    this.#runs += page.runs.length - (drafted?.page.runs.length ?? 0);
    if (drafted === undefined) this.changed.set(key, { level, segment, page });
    else drafted.page = page;
  }

  #isFull(level: number, segment: number): boolean {
    this.full ||=
      this.#runs >= RUNS_MAX ||
      this.#bodyBytes >= DRAFT_BYTES_MAX ||
      this.#missingBytes >= DRAFT_BYTES_MAX ||
      (this.changed.size >= PAGES_MAX && !this.changed.has(`${level}/${segment}`));
    return this.full;
  }
}

/** Stands in a draft that will be thrown away for a message that is yet to be loaded. */
const UNSEEN: EntryMessage = {
  id: '',
  body: Buffer.alloc(0),
  bodyKind: 'bytes',
  contentType: '',
  attributes: {},
  priority: 0,
  publishedAtMs: 0,
};

function settledState(run: { deliveries: number; lease: number }, settlement: Settlement) {
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

/** The earliest time at which something in flight becomes claimable, over the given pages. */
export function earliestDueOf(pages: Iterable<Page>): number | undefined {
  let earliest: number | undefined;
  for (const page of pages) {
    const due = earliestDueMs(page);
    if (due !== undefined && (earliest === undefined || due < earliest)) earliest = due;
  }
  return earliest;
}

/** The page on which a segment begins for a subscription that starts at `start`. */
export function initialPage(segment: number, start: LogPosition): Page {
  return emptyPage(segment === start.segment ? start.offset : 0);
}
