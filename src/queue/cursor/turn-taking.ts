/**
 * How several gateways share one page without starving each other or stampeding.
 *
 * Who has just lost tries again at once, on what it has read anew. Who has won although it has met a foreign write
 * recently steps back for a short random time, and looks before it writes again: in that time the others get their
 * turn, and each write carries everything that has gathered. Alone, a gateway never waits. (Backing off after a loss
 * instead starves whoever is slower: seconds of waiting, as the measurements in docs/design.md show.)
 */
import type { Random } from '../runtime.ts';

const FOREIGN_MEMORY_MS = 250;
const PAUSE_MIN_MS = 1;
const PAUSE_MAX_MS = 4;

export class TurnTaking {
  readonly #random: Random;
  #foreignAtMs = Number.NEGATIVE_INFINITY;
  #lost = false;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A compare-and-set has failed: somebody else writes here. */
  noteLost(nowMs: number): void {
    this.#foreignAtMs = nowMs;
    this.#lost = true;
  }

  noteWon(): void {
    this.#lost = false;
  }

  /** How long to wait before the next write; 0 when nobody else is about. */
  pauseMs(nowMs: number): number {
    const contended = nowMs - this.#foreignAtMs < FOREIGN_MEMORY_MS;
    if (!contended || this.#lost) return 0;
    return PAUSE_MIN_MS + this.#random.fraction() * (PAUSE_MAX_MS - PAUSE_MIN_MS);
  }

  /** Whether to read the pages again before writing, because others have probably written since. */
  looksFirst(nowMs: number): boolean {
    return nowMs - this.#foreignAtMs < FOREIGN_MEMORY_MS;
  }
}
