/**
 * The leader's clock, estimated from the stamps in answers to writes. Pure: time comes in with each sample.
 *
 *   leader     ----- mtime ---------------------
 *   here       --- sent ------ answered --------      leader's time when answered = mtime + (something >= 0)
 *
 * So `mtime` at the moment of the answer is a lower bound, and of several the one with the quickest answer is the
 * closest: the estimate is the greatest lower bound of the last two windows, hence never ahead of the leader. Old
 * samples go, because clocks drift, and all go with the connection, because a new leader has another clock.
 */

const windowMs = 5_000;

interface Sample {
  readonly leaderMs: number;
  readonly monotonicMs: number;
}

export class EnsembleClock {
  #current: Sample | undefined;
  #currentSince = 0;
  #previous: Sample | undefined;

  /** A write was answered at `monotonicMs` with the stamp `leaderMs`. */
  sample(leaderMs: number, monotonicMs: number): void {
    const sample = { leaderMs, monotonicMs };
    const ageMs = monotonicMs - this.#currentSince;
    if (this.#current && ageMs < windowMs) {
      this.#current = later(this.#current, sample);
      return;
    }
    this.#previous = ageMs < 2 * windowMs ? this.#current : undefined;
    this.#current = sample;
    this.#currentSince = monotonicMs;
  }

  /** Forgets everything: the connection is new. The old estimate stays until the first sample. */
  reset(): void {
    this.#previous = undefined;
    this.#currentSince = Number.NEGATIVE_INFINITY;
  }

  /** The leader's time at `monotonicMs`, in ms since 1970; 0 before the first sample. */
  now(monotonicMs: number): number {
    if (!this.#current) return 0;
    const best = this.#previous ? later(this.#current, this.#previous) : this.#current;
    return best.leaderMs + Math.floor(monotonicMs - best.monotonicMs);
  }
}

/** The sample that puts the leader's clock later. */
function later(one: Sample, other: Sample): Sample {
  return one.leaderMs - one.monotonicMs >= other.leaderMs - other.monotonicMs ? one : other;
}
