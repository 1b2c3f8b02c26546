/** The open segment of a log. For callers that must not confuse "not known here" with "does not exist". */
import type { Segment } from './known-segments.ts';
import type { Log } from './log.ts';

/** Each look ends with an open segment, unless that is being sealed again at the same moment, or all of it is gone. */
const LOOKS_MAX = 10;

/**
 * The open segment as last seen. While this gateway rolls a segment there is none that it knows: then it is looked for.
 * Undefined for a level that has never been written to, as far as known, or whose incarnation is gone. Rejects with a
 * StoreError.
 */
export async function findOpenSegment(log: Log): Promise<Segment | undefined> {
  for (let look = 0; look < LOOKS_MAX && log.last >= 0 && log.openSegment() === undefined; look += 1)
    await log.refresh();
  return log.openSegment();
}
