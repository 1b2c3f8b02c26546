/**
 * Limits how many requests each principal sends to this gateway.
 *
 * A token bucket, kept as one number: the time at which it will be full again (the generic cell rate algorithm). A
 * refused request takes nothing, so a client that waits as long as it was told is admitted.
 */
import { LRUCache } from 'lru-cache';
import type { Principal, RequestRate } from './rights.ts';

/** A principal that is forgotten beyond these begins with a full bucket again. */
const PRINCIPALS_KEPT = 10_000;

export type RateDecision =
  | { readonly isAdmitted: true; readonly fullAtMs: number }
  | { readonly isAdmitted: false; readonly retryAfterMs: number };

/** Whether one more request fits, for a bucket that would have been full again at `fullAtMs`. */
export function rateDecision(
  fullAtMs: number,
  nowMs: number,
  { perSecond, burst }: RequestRate,
): RateDecision {
  const refillMs = 1000 / perSecond;
  const afterwardsMs = Math.max(fullAtMs, nowMs) + refillMs;
  const retryAfterMs = afterwardsMs - nowMs - burst * refillMs;
  // Sums of fractions: a bucket that is full to a billionth is full.
  return retryAfterMs > refillMs * 1e-9
    ? { isAdmitted: false, retryAfterMs }
    : { isAdmitted: true, fullAtMs: afterwardsMs };
}

export class RateLimiter {
  readonly #rateOfAll: RequestRate | undefined;
  readonly #nowMs: () => number;
  readonly #fullAtMs = new LRUCache<string, number>({ max: PRINCIPALS_KEPT });

  /**
   * @param rateOfAll for principals without one of their own; undefined means no limit
   * @param nowMs a monotonic clock
   */
  constructor(rateOfAll: RequestRate | undefined, nowMs: () => number) {
    this.#rateOfAll = rateOfAll;
    this.#nowMs = nowMs;
  }

  /** Counts a request; when there are too many, answers how long to wait. */
  admit(principal: Principal): number | undefined {
    const rate = principal.rate ?? this.#rateOfAll;
    if (rate === undefined) return undefined;
    const nowMs = this.#nowMs();
    const admitted = rateDecision(this.#fullAtMs.get(principal.name) ?? nowMs, nowMs, rate);
    if (!admitted.isAdmitted) return admitted.retryAfterMs;
    this.#fullAtMs.set(principal.name, admitted.fullAtMs);
    return undefined;
  }
}
