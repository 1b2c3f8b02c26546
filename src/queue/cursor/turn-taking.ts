/**
 * How several gateways share one page without starving each other or stampeding. Pure.
 *
 * A gateway that has just lost reads again and tries at once. One that has won, and has met a foreign write recently,
 * steps back for a random time and looks before it writes again. In that time the others get their turn, and each write
 * carries everything that has gathered. A turn is a look and a write. Each gateway measures its own turns and steps back
 * for one to two of them: a time that suits one machine would starve others over a slow link. Alone, a gateway never
 * waits.
 * (Backing off after a loss instead starves a slower gateway for seconds, as the measurements in docs/decisions/turns.md
 * show.)
 *
 * A gateway whose turns are longer than the others' loses all the same: each of its turns has several of theirs in it. They
 * never lose, so they never step back. Having lost several times in a row it asks them for a turn, and they let it in
 * (`guest-turns.ts`). From then on it takes its time: once it has won it goes on writing without a look for as long as
 * they hold back, and then leaves the page to them.
 */
import type { Random } from '../runtime/runtime.ts';

const FOREIGN_MEMORY_MS = 250;
/** Or so many turns, where these are slow. */
const FOREIGN_MEMORY_TURNS = 8;
/** In turns. */
const PAUSE_MIN = 1;
const PAUSE_MAX = 2;
/** Limits of the length of a turn, however short or long one took. */
const TURN_MIN_MS = 1;
export const TURN_MAX_MS = 250;
/** After so many losses in a row a gateway asks for a turn; after the first, if it has asked lately. */
const LOSSES_BEFORE_ASKING = 2;
/** For how long a gateway that was let in writes, in its own turns. */
export const OWN_TURNS = 1;
/** For how long it then leaves the page to the others. */
export const OTHERS_TURNS = 2;
/** It ends its time so much early, in turns: others count from when they saw its write, maybe before its answer came. */
const LEEWAY_TURNS = 0.25;

export class TurnTaking {
  readonly #random: Random;
  #foreignAtMs = Number.NEGATIVE_INFINITY;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #losses = 0;
  #turnMs: number | undefined;
  /** Until when the others hold back for this gateway's writes, and until when it then does for theirs. */
  #ownUntilMs = Number.NEGATIVE_INFINITY;
  #othersUntilMs = Number.NEGATIVE_INFINITY;

  constructor(random: Random) {
    this.#random = random;
  }

  /** How long a look and a write take here. */
  get turnMs(): number {
    return this.#turnMs ?? TURN_MIN_MS;
  }

  /** @param turnMs how long a turn took, won or lost, that began with a look */
  noteTurn(turnMs: number): void {
    const known = this.#turnMs === undefined ? turnMs : (this.#turnMs + turnMs) / 2;
    this.#turnMs = Math.min(TURN_MAX_MS, Math.max(TURN_MIN_MS, known));
  }

  /** A compare-and-set has failed: somebody else writes here. */
  noteLost(nowMs: number): void {
    this.#foreignAtMs = nowMs;
    this.#losses += 1;
    this.#ownUntilMs = Number.NEGATIVE_INFINITY;
  }

  /** A write was applied. */
  noteWon(nowMs: number): void {
    this.#losses = 0;
    if (!this.#isLetIn(nowMs) || nowMs < this.#ownUntilMs) return;
    this.#ownUntilMs = nowMs + this.turnMs * (OWN_TURNS - LEEWAY_TURNS);
    this.#othersUntilMs = this.#ownUntilMs + this.turnMs * OTHERS_TURNS;
  }

  /** Whether to ask the others for a turn, with the look that comes next. */
  isStarving(nowMs: number): boolean {
    return this.#losses >= (this.#isLetIn(nowMs) ? 1 : LOSSES_BEFORE_ASKING);
  }

  noteAsked(nowMs: number): void {
    this.#askedAtMs = nowMs;
  }

  /** It has asked for a turn and then had nothing to write: it stops asking. */
  noteUnused(): void {
    this.#losses = 0;
  }

  /** A look has shown that others have written. */
  noteForeign(nowMs: number): void {
    if (!this.#isLetIn(nowMs)) return;
    this.#askedAtMs = nowMs;
    this.#foreignAtMs = nowMs;
  }

  /** How long to wait before the next write; 0 when no other gateway writes here. */
  pauseMs(nowMs: number): number {
    if (!this.looksFirst(nowMs) || this.#losses > 0) return 0;
    if (this.#isLetIn(nowMs)) return Math.max(0, this.#othersUntilMs - nowMs);
    return this.turnMs * (PAUSE_MIN + this.#random.fraction() * (PAUSE_MAX - PAUSE_MIN));
  }

  /** Whether to read the pages again before writing, because others have probably written since. */
  looksFirst(nowMs: number): boolean {
    return nowMs >= this.#ownUntilMs && this.#isRecent(this.#foreignAtMs, nowMs);
  }

  /** It has asked lately, and other gateways still write here. */
  #isLetIn(nowMs: number): boolean {
    return this.#isRecent(this.#askedAtMs, nowMs);
  }

  #isRecent(atMs: number, nowMs: number): boolean {
    return nowMs - atMs < Math.max(FOREIGN_MEMORY_MS, FOREIGN_MEMORY_TURNS * this.turnMs);
  }
}
