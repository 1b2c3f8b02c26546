/**
 * The room that is left in one commit, in bytes of its packet: for pages, for messages that move to another log, for
 * attempts. Whoever drafts asks before taking on more. A commit is gathered up to a share of what a store takes, and the
 * rest goes with the next; but what can't be divided may fill it, so that there is always progress. Pure.
 */
import { Budget } from './budget.ts';

/** What a store takes in one commit, and what each of its operations takes of that beside its own path and data. */
export interface CommitLimits {
  readonly bytesMax: number;
  readonly bytesPerWrite: number;
}

/** No path below the chroot is longer. */
const PATH_BYTES_MAX = 256;
/** Guards and marks, and for each of ten levels the check of its segment and the entry. */
const FIXED_WRITES = 32;
/** The check of its segment, its creation and its setting. */
const PAGE_WRITES = 3;
/** A page without its runs: the frontier, and the last commits of its writers. */
const PAGE_FRAME_BYTES = 1_024;
/** `[start,length,untilMs,deliveries,lease],` with all the digits that there may be. */
const RUN_BYTES_MAX = 48;
const GATHERED_PAGES_MAX = 64;

/** Messages that move to another log in one commit. */
const MOVED_MAX = 500;

export class CommitRoom {
  readonly #pagesMax: number;
  readonly #budget: Budget;
  readonly #writeBytes: number;
  /** Left for what can't be divided. */
  readonly #reserve: number;
  /** Pages that have their room. */
  readonly #pages = new Set<string>();
  #moved = 0;
  #movedBytes = 0;

  /** @param isGathered false for what goes together or not at all: then it may be filled */
  constructor({ bytesMax, bytesPerWrite }: CommitLimits, isGathered = true) {
    this.#writeBytes = bytesPerWrite + PATH_BYTES_MAX;
    this.#budget = new Budget(bytesMax - FIXED_WRITES * this.#writeBytes);
    this.#reserve = isGathered ? this.#budget.max / 2 : 0;
    this.#pagesMax = isGathered ? GATHERED_PAGES_MAX : Number.POSITIVE_INFINITY;
  }

  /** Nothing more is to be gathered. */
  get isUsed(): boolean {
    return !this.#budget.fits(1, this.#reserve);
  }

  /** Whether a page with so many runs may come in, if it is not in yet. Of the first there is no doubt. */
  fitsPage(page: string, runs: number): boolean {
    if (this.#pages.size === 0 || this.#pages.has(page)) return true;
    return this.#pages.size < this.#pagesMax && this.#budget.fits(this.#pageBytes(page, runs), this.#reserve);
  }

  /** A page that had `before` runs gets so many more, or fewer. */
  addPage(page: string, before: number, more: number): void {
    this.#budget.add(this.#pageBytes(page, before) + more * RUN_BYTES_MAX);
    this.#pages.add(page);
  }

  /**
   * Takes room for a message that moves to another log, and for the page that it leaves. The first may fill the commit;
   * those that do not fit beside others are for the next one.
   *
   * @param runs of the page, as it is
   * @returns 'never' when it would not even fit alone, beside its page: it stays until that has become smaller
   */
  takeMoved(page: string, runs: number, bytes: number): 'taken' | 'later' | 'never' {
    // It may divide a run in three.
    const needed = this.#pageBytes(page, runs) + 2 * RUN_BYTES_MAX + bytes;
    const isFirst = this.#moved === 0;
    const isShared = this.#moved < MOVED_MAX && this.#movedBytes + bytes <= this.#budget.max / 4;
    if (!isFirst && !isShared) return 'later';
    if (!this.#budget.take(needed, isFirst ? 0 : this.#reserve))
      return isFirst && this.#pages.size === 0 ? 'never' : 'later';
    this.#pages.add(page);
    this.#moved += 1;
    this.#movedBytes += bytes;
    return 'taken';
  }

  /**
   * Takes room for more data of a node, which can't be divided.
   *
   * @param before what is written of it in any case, once it is written at all; undefined when it is
   */
  takeNode(before: number | undefined, more: number): boolean {
    return this.#budget.take(more + (before === undefined ? 0 : 2 * this.#writeBytes + before));
  }

  #pageBytes(page: string, runs: number): number {
    if (this.#pages.has(page)) return 0;
    return PAGE_WRITES * this.#writeBytes + PAGE_FRAME_BYTES + runs * RUN_BYTES_MAX;
  }
}
