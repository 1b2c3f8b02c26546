/**
 * The cursor page: which messages of one segment are whose, for one subscription. Pure.
 *
 *     offset   0   1   2   3   4   5   6   7   8   9  10  11        end = 12
 *              .   .   L   L   .   W   .   .   |   n   n   n
 *              done    run     done run  done  frontier
 *
 * At or after the frontier nothing was ever delivered. Below it, a message is either in a run (leased: L, or waiting
 * to be delivered again: W) or done. Runs are sorted, disjoint, and neighbours that are alike are one run, so that a
 * page's size follows what is in flight, never what has passed.
 *
 * The life of a message:
 *
 *     new --claim--> leased --ack--> done
 *                    |    ^
 *                    |    '--claim-- waiting (due at `untilMs`)
 *                    '--nack, release---^
 *                    '--last delivery used up, rejected--> buried
 *
 * A lease that has run out stays as it is until somebody claims the message: until then its holder may still ack.
 * Buried is done, by a move to the dead letters rather than by an ack: the run stays as long as its page, so that who
 * comes to ack such a message is told that it was lost.
 */

export interface Run {
  readonly start: number;
  readonly length: number;
  /** End of the lease, or the time from which a waiting message may be delivered again; ms since 1970. */
  readonly untilMs: number;
  /** How often these messages have been delivered. */
  readonly deliveries: number;
  /** The lease, or WAITING. */
  readonly lease: number;
}

/** In the place of a lease: nobody holds these messages. */
export const WAITING = 0;

/** In the place of a lease: these messages went to the dead letters. */
export const BURIED = -1;

/** Whether a run's messages have yet to be delivered or acked. */
export function isPending(run: Run): boolean {
  return run.lease !== BURIED;
}

/** The last commit of a writer that this page has seen: how a writer whose answer was lost learns of its fate. */
export interface WriterMark {
  readonly writer: string;
  readonly commit: number;
}

export interface Page {
  readonly frontier: number;
  readonly runs: readonly Run[];
  /** Most recent first. */
  readonly writers: readonly WriterMark[];
}

/** A page on which nothing has happened; a subscription may start in the middle of a segment. */
export function emptyPage(frontier = 0): Page {
  return { frontier, runs: [], writers: [] };
}

/** Nothing left to deliver or to ack in a segment of `end` messages. */
export function isFinished(page: Page, end: number): boolean {
  return page.frontier >= end && !page.runs.some(isPending);
}

/** The run that holds `offset`, if any. */
export function runAt(page: Page, offset: number): Run | undefined {
  const run = page.runs[indexAfter(page.runs, offset) - 1];
  return run !== undefined && offset < run.start + run.length ? run : undefined;
}

/** The earliest time at which a run becomes claimable, or undefined when there are no runs. */
export function earliestDueMs(page: Page): number | undefined {
  let earliest: number | undefined;
  for (const run of page.runs) {
    if (isPending(run) && (earliest === undefined || run.untilMs < earliest)) earliest = run.untilMs;
  }
  return earliest;
}

/**
 * Puts [start, start + length) into the given state, or to done with `undefined`. The range must lie within one run
 * or begin at the frontier, which then moves behind it.
 */
export function replaceRange(
  page: Page,
  start: number,
  length: number,
  state: Pick<Run, 'untilMs' | 'deliveries' | 'lease'> | undefined,
): Page {
  const inserted = state === undefined ? [] : [{ start, length, ...state }];
  if (start === page.frontier) {
    return { ...page, frontier: start + length, runs: mergeEnds(page.runs, page.runs.length, 0, inserted) };
  }
  const index = indexAfter(page.runs, start) - 1;
  const run = page.runs[index];
  const end = start + length;
  if (run === undefined || end > run.start + run.length) throw new Error('a range must lie within one run');
  if (run.start < start) inserted.unshift({ ...run, length: start - run.start });
  if (end < run.start + run.length)
    inserted.push({ ...run, start: end, length: run.start + run.length - end });
  return { ...page, runs: mergeEnds(page.runs, index, 1, inserted) };
}

/** Records a commit of `writer`, forgetting the writers that have been silent longest. */
export function markWriter(page: Page, writer: string, commit: number): Page {
  const others = page.writers.filter((mark) => mark.writer !== writer);
  return { ...page, writers: [{ writer, commit }, ...others].slice(0, WRITERS_REMEMBERED) };
}

/** Whether the page has seen this commit of the writer (or a later one). */
export function hasCommit(page: Page, writer: string, commit: number): boolean {
  return page.writers.some((mark) => mark.writer === writer && mark.commit >= commit);
}

/** Whether the first of the last `writes` writes of the page may have been forgotten: others have come in its place. */
export function mayHaveForgotten(page: Page, writes: number): boolean {
  return page.writers.length >= WRITERS_REMEMBERED && writes > WRITERS_REMEMBERED;
}

/** More than the gateways of most installations: few marks are lost between a write and its resolving. */
const WRITERS_REMEMBERED = 16;

/** Number of runs that start at or before `offset`, by binary search. */
function indexAfter(runs: readonly Run[], offset: number): number {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((runs[middle] as Run).start <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `runs` with `removed` of them at `index` replaced by `inserted`, which merge with their neighbours where alike. */
function mergeEnds(runs: readonly Run[], index: number, removed: number, inserted: readonly Run[]): Run[] {
  const result = runs.slice(0, index);
  for (const run of inserted) pushMerged(result, run);
  for (let next = index + removed; next < runs.length; next += 1) {
    // Only the first run after the gap can meet one that was inserted.
    if (next === index + removed) pushMerged(result, runs[next] as Run);
    else result.push(runs[next] as Run);
  }
  return result;
}

function pushMerged(runs: Run[], run: Run): void {
  const last = runs.at(-1);
  const alike =
    last !== undefined &&
    last.start + last.length === run.start &&
    last.untilMs === run.untilMs &&
    last.deliveries === run.deliveries &&
    last.lease === run.lease;
  if (alike) runs[runs.length - 1] = { ...last, length: last.length + run.length };
  else runs.push(run);
}
