/**
 * How several gateways share one page without starving each other or stampeding.
 *
 * Who has just lost tries again at once, on what it has read anew. Who has won although it has met a foreign write
 * recently steps back for a random time, and looks before it writes again: in that time the others get their turn, and
 * each write carries everything that has gathered. A turn is a look and a write, so the time is measured by how long
 * one's own took: what is long enough on one machine would starve others over a slow link. Alone, a gateway never waits. (Backing off after a loss
 * instead starves whoever is slower: seconds of waiting, as the measurements in docs/design.md show.)
 */
import type { Random } from '../runtime.ts';

const FOREIGN_MEMORY_MS = 250;
/** Or so many turns, where these are slow. */
const FOREIGN_MEMORY_TURNS = 8;
/** In turns. */
const PAUSE_MIN = 1;
const PAUSE_MAX = 2;
/** What is taken for the length of a turn. */
const TURN_MIN_MS = 1;
const TURN_MAX_MS = 250;

export class TurnTaking {
  readonly #random: Random;
  #foreignAtMs = Number.NEGATIVE_INFINITY;
  #lost = false;
  #turnMs = TURN_MIN_MS;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A compare-and-set has failed: somebody else writes here. */
  noteLost(nowMs: number): void {
    this.#foreignAtMs = nowMs;
    this.#lost = true;
  }

  /** A write was applied. @param turnMs how long it took, the look before it included */
  noteWon(turnMs: number): void {
    this.#lost = false;
    this.#turnMs = Math.min(TURN_MAX_MS, Math.max(TURN_MIN_MS, turnMs));
  }

  /** How long to wait before the next write; 0 when nobody else is about. */
  pauseMs(nowMs: number): number {
    if (!this.looksFirst(nowMs) || this.#lost) return 0;
    return this.#turnMs * (PAUSE_MIN + this.#random.fraction() * (PAUSE_MAX - PAUSE_MIN));
  }

  /** Whether to read the pages again before writing, because others have probably written since. */
  looksFirst(nowMs: number): boolean {
    return nowMs - this.#foreignAtMs < Math.max(FOREIGN_MEMORY_MS, FOREIGN_MEMORY_TURNS * this.#turnMs);
  }
}
