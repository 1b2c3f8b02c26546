/** How long nobody was served, from what a probe has seen. Pure. */

export interface ProbeSample {
  readonly via: 'nginx' | 'gateway';
  readonly verb: 'publish' | 'receive';
  /** When its answer was there, or it was given up. */
  readonly endedMs: number;
  readonly succeeded: boolean;
}

/**
 * The longest time within a window in which no answer of success came, in ms. The window's own ends count as answers:
 * what was before and what comes after is not its business.
 */
export function longestGapMs(samples: readonly ProbeSample[], fromMs: number, untilMs: number): number {
  const successes = samples
    .filter(({ succeeded, endedMs }) => succeeded && endedMs > fromMs && endedMs < untilMs)
    .map(({ endedMs }) => endedMs)
    .toSorted((a, b) => a - b);
  let longest = 0;
  let last = fromMs;
  for (const endedMs of [...successes, untilMs]) {
    longest = Math.max(longest, endedMs - last);
    last = endedMs;
  }
  return longest;
}
