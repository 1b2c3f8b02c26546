/**
 * Versions of nodes near the end of their range. ZooKeeper counts changes of the data in 32 bits with a sign and goes
 * on from the largest with the smallest, up to -1 and 0 once more. Those two can't be compared with: -1 stands for any
 * version, and the client makes 0 into -1. So the set that would end at -1 is three sets in the same transaction,
 * and a node that is compared never rests at either:
 *
 *     1  2 …  2147483647  -2147483648  …  -3  -2  1  2  …
 *
 * At a thousand writes a second the end of the range is 25 days away. Pure.
 */
import { ANY_VERSION, type CommitResult, type Write } from './store.ts';

const LAST_VERSION = -2;

/** The operations to be sent for those of a commit. */
export function withoutRestAtAny(writes: readonly Write[]): readonly Write[] {
  return writes.some(isLast) ? writes.flatMap(spread) : writes;
}

/** What the commit came to, from what the operations that were sent came to. */
export function asAsked(result: CommitResult, writes: readonly Write[]): CommitResult {
  if (!writes.some(isLast)) return result;
  const ends: number[] = [];
  let end = -1;
  for (const write of writes) {
    end += spread(write).length;
    ends.push(end);
  }
  if (result.applied) return { applied: true, results: result.results.filter((_, at) => ends.includes(at)) };
  return { ...result, index: ends.findIndex((last) => result.index <= last) };
}

function spread(write: Write): Write[] {
  if (write.kind !== 'set' || !isLast(write)) return [write];
  const nothing = Buffer.alloc(0);
  return [
    { ...write, data: nothing },
    { ...write, data: nothing, version: ANY_VERSION },
    { ...write, version: ANY_VERSION },
  ];
}

function isLast(write: Write): boolean {
  return write.kind === 'set' && write.version === LAST_VERSION;
}
