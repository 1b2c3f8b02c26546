/**
 * Claiming: which messages a subscription gives out next. Pure; works on a draft.
 *
 * The order is that of priority and log. A message is passed over while its group has something in flight (`group`),
 * and all of them are while anything is (`strict`). What is passed over at the frontier, because something behind it
 * is given out, becomes a waiting run that was never delivered:
 *
 *     A1 leased, then a claim in `group`:     A1 | A2 A3 B1        |  frontier
 *                                             L  . .  .
 *                                             A1 A2 A3 B1 |
 *                                             L  W  W  L           B1 is given out, A2 and A3 wait
 *
 * A segment in which everything is blocked is not touched at all: that costs no write, however long a group's backlog.
 */
import type { CursorDraft } from './cursor-draft.ts';
import { groupAt, type ViewedEntry } from './cursor-view.ts';
import { isMessageExpired, isWanted } from './delivery-policy.ts';
import type { EntryMessage } from './entry.ts';
import { isInFlight, isReady } from './lease.ts';
import type { Page } from './page.ts';
import type { LogPosition, Position } from './position.ts';
import { Stretch } from './stretch.ts';

export interface Claim {
  readonly max: number;
  readonly lease: number;
  readonly untilMs: number;
  /** Takes and deletes at once. */
  readonly autoAck: boolean;
  /** Takes only some, and leaves the others as they are, up to where it has enough; absent means all. */
  readonly select?: (message: EntryMessage, position: Position) => boolean | 'enough';
  /** The claim ends before one for which it is false; absent means that all are. */
  readonly isDeliverable?: ((message: EntryMessage) => boolean) | undefined;
}

export interface Claimed extends Position {
  readonly message: EntryMessage;
  /** 1 on the first delivery. */
  readonly deliveries: number;
}

/** One answer carries no more than this in bodies, but at least one message. */
export const CLAIM_BODY_BYTES_MAX = 4 * 1024 * 1024;

/** The claims of one draft, one after the other. */
export class Claiming {
  readonly #draft: CursorDraft;
  /** Everything claimable before this has been claimed by this draft: where the next claim goes on. */
  readonly #upTo = new Map<number, LogPosition>();
  /** Groups with something in flight; made when the first claim needs it. */
  #blocked: Set<string> | undefined;
  #somethingInFlight = false;

  constructor(draft: CursorDraft) {
    this.#draft = draft;
  }

  /** Leases up to `max` messages; fewer, or none, when there are no more. */
  claim(claim: Claim): Claimed[] {
    const { ordering } = this.#draft.policy;
    if (ordering !== 'none') this.#blocked ??= this.#findBlocked();
    if (ordering === 'strict' && this.#somethingInFlight) return [];
    const max = ordering === 'strict' ? 1 : claim.max;
    const taking = new Taking({ ...claim, max });
    for (const level of this.#draft.levels) {
      const { first, last } = this.#draft.view.bounds(level);
      const from = this.#upTo.get(level) ?? { segment: first, offset: 0 };
      for (let segment = from.segment; segment <= last && !this.#isOver(taking); segment += 1) {
        this.#claimFrom(level, segment, segment === from.segment ? from.offset : 0, taking);
      }
    }
    // What this claim holds blocks the next one, but never itself: one answer may hold several of a group.
    for (const { message } of claim.autoAck ? [] : taking.claimed) {
      this.#somethingInFlight = true;
      if (message.group !== undefined) this.#blocked?.add(message.group);
    }
    return taking.claimed;
  }

  #isOver(taking: Taking): boolean {
    return taking.isSatisfied || this.#draft.blind || this.#draft.full;
  }

  #claimFrom(level: number, segment: number, from: number, taking: Taking): void {
    const draft = this.#draft;
    const page = draft.lookAt(level, segment);
    if (page === undefined) {
      // Done with; or unknown, which the draft has noted.
      if (draft.view.page(level, segment) === undefined) draft.blind = true;
      else this.#upTo.set(level, { segment: segment + 1, offset: 0 });
      return;
    }
    const end = draft.view.end(level, segment);
    if (end === undefined) {
      draft.missing.push({ kind: 'segment', level, segment });
      draft.blind = true;
      return;
    }
    for (const range of this.#claimable(page, from, end)) {
      const next = this.#claimRange(level, segment, range, taking);
      if (next === undefined) continue;
      if (next < end) this.#upTo.set(level, { segment, offset: next });
      return;
    }
    this.#upTo.set(level, { segment: segment + 1, offset: 0 });
  }

  /**
   * Takes what it can get of a range that is in one state.
   *
   * @returns where to go on when it has ended early: the offset, or infinity when nothing more can be judged
   */
  #claimRange(level: number, segment: number, range: Range, taking: Taking): number | undefined {
    const draft = this.#draft;
    const stretch = new Stretch(draft, level, segment, range.deliveries, taking.claim);
    let entry: ViewedEntry | undefined;
    for (let offset = range.start; offset < range.stop; offset += 1) {
      if (taking.isSatisfied || draft.isFull(level, segment)) {
        stretch.end();
        return offset;
      }
      if (entry === undefined || offset >= entry.end) entry = draft.entryAt(level, segment, offset);
      if (entry === undefined) {
        stretch.end();
        return Number.POSITIVE_INFINITY;
      }
      if (this.#isBlocked(entry, offset)) {
        // Nothing of an entry that is all of one group can be had.
        if (typeof entry.groups === 'string') offset = Math.min(entry.end, range.stop) - 1;
        continue;
      }
      this.#take(stretch, offset, entry, taking);
      if (!taking.isWithheld) continue;
      stretch.end();
      return offset;
    }
    stretch.end();
    return undefined;
  }

  #take(stretch: Stretch, offset: number, entry: ViewedEntry, taking: Taking): void {
    const draft = this.#draft;
    const { level, segment, deliveries } = stretch;
    const message = entry.messages?.[offset - entry.start];
    if (message === undefined) {
      if (draft.leavesUnread(taking.claimed.length > 0)) return;
      draft.noteUnread(level, segment, entry);
      taking.expect(entry);
      return;
    }
    const { policy, levels } = draft;
    const { select } = taking.claim;
    const isSelected = select === undefined || select(message, { level, segment, offset });
    if (isSelected === 'enough') taking.end();
    if (isSelected !== true) return;
    const expired = isMessageExpired(message, policy, draft.nowMs);
    const wanted = !expired && isWanted(message, policy);
    taking.isWithheld = wanted && taking.claim.isDeliverable?.(message) === false;
    if (taking.isWithheld) return;
    stretch.add(offset, wanted);
    draft.isOrdered ||= policy.ordering !== 'none' && levels.length > 1;
    if (expired) draft.expired += 1;
    else if (!wanted) draft.unwanted += 1;
    if (!wanted) return;
    draft.noteBody(message.body.length);
    taking.take({ level, segment, offset, message, deliveries: deliveries + 1 });
  }

  #isBlocked(entry: ViewedEntry, offset: number): boolean {
    if (this.#blocked === undefined || this.#blocked.size === 0) return false;
    const group = groupAt(entry, offset);
    return group !== undefined && group !== '' && this.#blocked.has(group);
  }

  /** Ranges of the page that may be claimed now, in order. A copy: the page changes while they are gone through. */
  #claimable(page: Page, from: number, end: number): Range[] {
    const ranges = page.runs
      .filter((run) => isReady(run, this.#draft.nowMs) && !this.#draft.isDead(run))
      .filter((run) => run.start + run.length > from)
      .map((run) => ({
        start: Math.max(from, run.start),
        stop: run.start + run.length,
        deliveries: run.deliveries,
      }));
    if (page.frontier < end) ranges.push({ start: Math.max(from, page.frontier), stop: end, deliveries: 0 });
    return ranges;
  }

  /** The groups of all that is leased, or nacked with a delay. */
  #findBlocked(): Set<string> {
    const draft = this.#draft;
    const blocked = new Set<string>();
    for (const { level, segment } of draft.view.pages()) {
      for (const run of draft.lookAt(level, segment)?.runs ?? []) {
        if (!isInFlight(run, draft.nowMs)) continue;
        this.#somethingInFlight = true;
        if (draft.policy.ordering === 'group')
          this.#addGroups(blocked, level, segment, run.start, run.length);
      }
    }
    return blocked;
  }

  #addGroups(blocked: Set<string>, level: number, segment: number, start: number, length: number): void {
    let entry: ViewedEntry | undefined;
    for (let offset = start; offset < start + length; offset += 1) {
      if (entry === undefined || offset >= entry.end) entry = this.#draft.entryAt(level, segment, offset);
      if (entry === undefined) return;
      const group = groupAt(entry, offset);
      if (group === undefined) this.#draft.noteUnread(level, segment, entry);
      else if (group !== '') blocked.add(group);
      // One look tells for all of it.
      if (group === undefined || typeof entry.groups === 'string') offset = entry.end - 1;
    }
  }
}

/** Messages of one segment that are in the same state. */
interface Range {
  readonly start: number;
  readonly stop: number;
  readonly deliveries: number;
}

/** What one claim has got so far. */
class Taking {
  readonly claim: Claim;
  readonly claimed: Claimed[] = [];
  /** The next one is there, and can't be delivered. */
  isWithheld = false;
  #bytes = 0;
  /** Messages that are there but have yet to be read: the draft will be made again with them. */
  #expected = 0;
  #hasEnded = false;

  constructor(claim: Claim) {
    this.claim = claim;
  }

  get isSatisfied(): boolean {
    return (
      this.isWithheld ||
      this.#hasEnded ||
      this.claimed.length + this.#expected >= this.claim.max ||
      this.#bytes >= CLAIM_BODY_BYTES_MAX
    );
  }

  end(): void {
    this.#hasEnded = true;
  }

  take(claimed: Claimed): void {
    this.claimed.push(claimed);
    this.#bytes += claimed.message.body.length;
  }

  expect(entry: ViewedEntry): void {
    this.#expected += 1;
    this.#bytes += Math.ceil(entry.bytes / (entry.end - entry.start));
  }
}
