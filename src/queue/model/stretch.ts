/**
 * Neighbours in a segment that one claim takes in the same way: they change the page as one, which is what makes a claim
 * of a hundred messages cost little more than that of one. Pure; works on a draft.
 */
import type { CursorDraft } from './cursor-draft.ts';
import { WAITING } from './page.ts';

/** For whom they are taken. */
interface Taker {
  readonly lease: number;
  readonly untilMs: number;
  /** Takes and deletes at once. */
  readonly autoAck: boolean;
}

/** Grows by one message after the other, and is put into the draft when it ends or another begins. */
export class Stretch {
  readonly level: number;
  readonly segment: number;
  /** So far, of each of them. */
  readonly deliveries: number;
  readonly #draft: CursorDraft;
  readonly #taker: Taker;
  #start = 0;
  #stop = 0;
  #isLeased = false;

  constructor(draft: CursorDraft, level: number, segment: number, deliveries: number, taker: Taker) {
    this.#draft = draft;
    this.level = level;
    this.segment = segment;
    this.deliveries = deliveries;
    this.#taker = taker;
  }

  add(offset: number, isWanted: boolean): void {
    const isLeased = isWanted && !this.#taker.autoAck;
    if (offset !== this.#stop || isLeased !== this.#isLeased || this.#start === this.#stop) {
      this.end();
      this.#start = offset;
      this.#isLeased = isLeased;
    }
    this.#stop = offset + 1;
  }

  end(): void {
    const { level, segment } = this;
    const length = this.#stop - this.#start;
    if (length === 0) return;
    const { untilMs, lease } = this.#taker;
    const leased = { untilMs, deliveries: this.deliveries + 1, lease };
    this.#passOver();
    this.#draft.put({ level, segment, offset: this.#start }, length, this.#isLeased ? leased : undefined);
    this.#start = this.#stop;
  }

  /** Leaves what lies between the frontier and the first of them waiting, for what blocks it to end. */
  #passOver(): void {
    const { level, segment } = this;
    const frontier = this.#draft.lookAt(level, segment)?.frontier ?? this.#start;
    if (this.#start <= frontier) return;
    const waiting = { untilMs: 0, deliveries: 0, lease: WAITING };
    this.#draft.put({ level, segment, offset: frontier }, this.#start - frontier, waiting);
  }
}
