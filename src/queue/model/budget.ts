/**
 * A limited amount of something that is in use for a time: bytes in memory, requests that wait. What does not fit is
 * refused at once instead of being kept for later, so whoever holds a budget knows the most that it can cost.
 */
export class Budget {
  readonly max: number;
  #used = 0;
  /** Those who wait for their turn, in the order in which they came. */
  readonly #waiting = new Set<Waiting>();

  /** @param max Infinity when there is no limit */
  constructor(max: number) {
    this.max = max;
  }

  /** In use now; beyond `max` only by what was added without asking. */
  get used(): number {
    return this.#used;
  }

  /** Whether so much more would be taken, and `reserve` left for others. */
  fits(amount: number, reserve = 0): boolean {
    return this.#used + amount <= this.max - reserve;
  }

  /** Takes so much if it fits, and says whether it did. What was taken is to be given back. */
  take(amount: number, reserve = 0): boolean {
    if (!this.fits(amount, reserve)) return false;
    this.#used += amount;
    return true;
  }

  /** Takes what is there in any case. */
  add(amount: number): void {
    this.#used += amount;
  }

  /**
   * Takes so much for someone who can wait: at once if it fits and nobody waits, or as soon as it does, in the order of
   * coming. What `take` and `add` take meanwhile does not queue up.
   *
   * @param onTaken called once it is taken
   * @returns ends the waiting
   */
  takeInTurn(amount: number, onTaken: () => void): () => void {
    const waiting = { amount, onTaken };
    this.#waiting.add(waiting);
    this.#serve();
    return () => {
      this.#waiting.delete(waiting);
      this.#serve();
    };
  }

  give(amount: number): void {
    this.#used -= amount;
    this.#serve();
  }

  #serve(): void {
    for (const waiting of this.#waiting) {
      if (!this.take(waiting.amount)) return;
      this.#waiting.delete(waiting);
      waiting.onTaken();
    }
  }
}

interface Waiting {
  readonly amount: number;
  readonly onTaken: () => void;
}
