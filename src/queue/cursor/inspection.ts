/**
 * A subscription's cursor and log as they are now, for callers that only look, such as statistics: read anew, and thrown
 * away afterwards.
 *
 *     segment      3      4     5     6      7      8      9
 *               page   page     -  page      -      -   open        - no page
 *                          trimmed         untouched from 7 on
 *
 * Claims go through the segments in order. Behind the last page lie those that nobody has touched, and among them some
 * that are trimmed: an ordering has passed over what lies before them, or the subscription is younger. The node of holes
 * tells which, so that no backlog is ever listed. Before the last page a segment without one is trimmed, or, where an
 * ordering has passed over all of it, untouched too: each that is in no hole is looked at.
 *
 * What gateways of the version before have trimmed is in no hole. The first untouched segment is found by bisection then.
 */
import type { EntryCache } from '../log/entry-cache.ts';
import { readHoles } from '../log/hole-node.ts';
import type { Segment } from '../log/known-segments.ts';
import type { Log } from '../log/log.ts';
import { findOpenSegment } from '../log/open-segment.ts';
import { readHeader } from '../log/segment-reads.ts';
import type { Topic } from '../log/topic.ts';
import { type CommitLimits, CommitRoom } from '../model/commit-room.ts';
import { CursorDraft } from '../model/cursor-draft.ts';
import { behindHole, type Holes, inHolesBehind } from '../model/holes.ts';
import type { Page } from '../model/page.ts';
import { bytesOf, OPEN_VERSION, type SegmentHeader } from '../model/segment.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Store } from '../zookeeper/store.ts';
import { CursorReader } from './cursor-reader.ts';
import { CursorState } from './cursor-state.ts';
import { ABSENT } from './page-node.ts';
import { untouchedPage } from './untouched-page.ts';

/** The work left in one level. */
export interface LevelInspection {
  readonly level: number;
  /** Segments in which something may be pending though not all of it, in order. */
  readonly pages: readonly { readonly segment: number; readonly page: Page }[];
  /** The first of the segments at the end that nobody has touched, and where it starts; undefined for none. */
  readonly untouched:
    | { readonly segment: number; readonly header: SegmentHeader; readonly offset: number }
    | undefined;
  /** Messages and bytes ever appended to the level, but for those in holes behind `untouched`. */
  readonly total: { readonly messages: number; readonly bytes: number };
}

export interface Inspection {
  readonly state: CursorState;
  readonly reader: CursorReader;
  readonly nowMs: number;
  readonly levels: readonly LevelInspection[];
}

/**
 * What our server knows by now. To see everything that was committed before, put a barrier through first.
 * Rejects with a StoreError; throws BrokerError 'not-found'.
 */
export async function inspect(
  runtime: Runtime,
  entries: EntryCache,
  topic: Topic,
  name: string,
): Promise<Inspection> {
  for (;;) {
    await topic.refresh();
    const state = new CursorState(entries, topic, name, () => {});
    const reader = new CursorReader(runtime.store, entries, state);
    for (const log of topic.logs) log.markStale();
    await reader.refresh();
    topic.assertLive();
    if (!state.exists) throw topic.lacks(name);
    // Read the holes after the pages: a segment that was trimmed in between was finished before.
    const { holes } = await readHoles(runtime.store, topic.id);
    const levels = await Promise.all(state.levels.map((level) => inspectLevel(runtime, state, holes, level)));
    const seen = levels.filter((level) => level !== undefined);
    if (seen.length === levels.length) return { state, reader, nowMs: runtime.store.now(), levels: seen };
  }
}

/** Undefined when the log has moved on while it was being read: to be looked at again. */
async function inspectLevel(
  runtime: Runtime,
  state: CursorState,
  holes: Holes,
  level: number,
): Promise<LevelInspection | undefined> {
  const log = state.topic.log(level);
  const open = await findOpenSegment(log);
  if (open === undefined) return { level, pages: [], untouched: undefined, total: { messages: 0, bytes: 0 } };
  const total = {
    messages: open.header.ordinal + open.end,
    bytes: open.header.bytesBefore + bytesOf(open.slots),
  };
  const { first, last } = state.bounds(level);
  const written = new Map(
    state
      .pages()
      .filter((page) => page.level === level && page.segment >= first && page.version !== ABSENT)
      .map(({ segment, page }) => [segment, page]),
  );
  const behindPages = written.size === 0 ? first : Math.max(...written.keys()) + 1;
  const gaps: number[] = [];
  for (let segment = first; segment < behindPages; segment += 1)
    if (!written.has(segment) && behindHole(holes, level, segment) === segment) gaps.push(segment);
  const passedOver = await Promise.all(
    gaps.map(async (segment) => (await headerNow(runtime.store, log, segment)) === undefined),
  );
  gaps.forEach((segment, index) => {
    if (passedOver[index] === false) written.set(segment, untouchedPage(state, level, segment));
  });
  const pages = [...written]
    .map(([segment, page]) => ({ segment, page }))
    .sort((a, b) => a.segment - b.segment);
  if (behindPages > last) return { level, pages, untouched: undefined, total };
  const { segment, header } = await firstUntouched(runtime.store, log, holes, open, behindPages);
  if (segment === open.number && open.end > 0) {
    // It has no page: nobody has touched it, or it was sealed and trimmed, with its page, after we saw it open.
    const stat = await runtime.store.stat(log.path(segment));
    if (stat?.version !== OPEN_VERSION) return undefined;
  }
  const offset = untouchedPage(state, level, segment).frontier;
  const trimmed = inHolesBehind(holes, level, segment);
  const left = { messages: total.messages - trimmed.messages, bytes: total.bytes - trimmed.bytes };
  return { level, pages, total: left, untouched: { segment, header, offset } };
}

/** Reads the header, for others trim sealed segments without telling this gateway. Undefined when trimmed. */
async function headerNow(store: Store, log: Log, segment: number): Promise<SegmentHeader | undefined> {
  const header = await readHeader(store, log.path(segment));
  if (header?.state !== 'sealed') log.forget(segment);
  return header?.state === 'trimmed' ? undefined : header;
}

/** The first segment at or after `from` that is not trimmed; the open one never is. */
async function firstUntouched(
  store: Store,
  log: Log,
  holes: Holes,
  open: Segment,
  from: number,
): Promise<{ readonly segment: number; readonly header: SegmentHeader }> {
  const next = (segment: number) => Math.min(behindHole(holes, log.level, segment), open.number);
  let low = next(from);
  let high = open.number;
  let header = open.header;
  // Nearly always the very next one, so that is asked first.
  const first = low < high ? await headerNow(store, log, low) : open.header;
  if (first !== undefined) return { segment: low, header: first };
  // All before the log's first segment may be gone; else it is in no hole and yet trimmed.
  await log.findFirst();
  low = next(Math.max(low, log.first));
  for (let middle = low; low < high; middle = Math.floor((low + high) / 2)) {
    const found = await headerNow(store, log, middle);
    if (found === undefined) low = middle + 1;
    else {
      high = middle;
      header = found;
    }
  }
  return { segment: low, header };
}

/** Whether the last lease of some message has ended. Such messages have to be moved before anybody is shown the queue. */
export function hasDead({ state, nowMs }: Inspection, limits: CommitLimits): boolean {
  const draft = new CursorDraft(state, nowMs, new CommitRoom(limits));
  draft.buryDead();
  return draft.changed.size > 0;
}
