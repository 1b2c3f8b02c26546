/**
 * Segments that are trimmed while others before them are not. Headers tell how many messages were ever appended before
 * them, so what lies in holes has to be subtracted where what is left is counted. Pure.
 *
 *     7 sealed   8 trimmed   9 trimmed   10 sealed   11 trimmed   12 open       holes: 8 to 9, 11
 */

/** Segments that follow one another, both ends inclusive, with what was in them. */
export interface Hole {
  readonly from: number;
  readonly to: number;
  readonly messages: number;
  readonly bytes: number;
}

/** In ascending order, with segments that are not trimmed in between; by level. */
export type Holes = Readonly<Record<number, readonly Hole[]>>;

/** More are not made: each trimming behind the first segment writes all of them. */
const HOLES_MAX = 500;

export function encodeHoles(holes: Holes): Buffer {
  return Buffer.from(JSON.stringify(holes));
}

export function decodeHoles(data: Buffer): Holes {
  return JSON.parse(data.toString()) as Holes;
}

/**
 * With one more segment, and without those that lie before the log's first segment.
 *
 * @returns undefined when there would be too many
 */
export function withHole(holes: Holes, level: number, first: number, hole: Hole): Holes | undefined {
  const others = (holes[level] ?? []).filter(({ to }) => to >= first && (to < hole.from || to > hole.to));
  const merged: Hole[] = [];
  for (const next of [...others, hole].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last === undefined || last.to + 1 !== next.from) merged.push(next);
    else
      merged[merged.length - 1] = {
        from: last.from,
        to: next.to,
        messages: last.messages + next.messages,
        bytes: last.bytes + next.bytes,
      };
  }
  return merged.length > HOLES_MAX ? undefined : { ...holes, [level]: merged };
}

/** The first segment from one on that is in no hole. */
export function behindHole(holes: Holes, level: number, segment: number): number {
  const hole = (holes[level] ?? []).find(({ from, to }) => from <= segment && segment <= to);
  return hole === undefined ? segment : hole.to + 1;
}

/** What was in the holes behind a segment. */
export function inHolesBehind(
  holes: Holes,
  level: number,
  segment: number,
): { readonly messages: number; readonly bytes: number } {
  const sum = { messages: 0, bytes: 0 };
  for (const { from, messages, bytes } of holes[level] ?? []) {
    if (from <= segment) continue;
    sum.messages += messages;
    sum.bytes += bytes;
  }
  return sum;
}
