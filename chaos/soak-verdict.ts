/**
 * Whether something grows under a load that does not. Pure.
 *
 * The rule: the first fifth of the samples is warming up and does not count. Of the rest, the median of the second
 * half may be above that of the first half by a tenth, or by what the measure fluctuates anyway, whichever is more.
 * A leak of any size shows in a run that is long enough.
 */

export interface Allowance {
  /** Of the first half's median. */
  readonly share: number;
  readonly absolute: number;
}

export interface Growth {
  readonly first: number;
  readonly second: number;
  readonly grows: boolean;
}

const warmUpShare = 0.2;
/** Below it a median means little. */
const samplesMin = 10;

/** @param samples in the order in which they were taken, at regular intervals */
export function growthOf(samples: readonly number[], { share, absolute }: Allowance): Growth | undefined {
  const settled = samples.slice(Math.floor(samples.length * warmUpShare));
  if (settled.length < samplesMin) return undefined;
  const middle = Math.floor(settled.length / 2);
  const [first, second] = [median(settled.slice(0, middle)), median(settled.slice(middle))];
  return { first, second, grows: second - first > Math.max(first * share, absolute) };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new Error('nothing has no median');
  return (lower + upper) / 2;
}
