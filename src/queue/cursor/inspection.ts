/**
 * A subscription's cursor and log as they are now, for those who look without taking part: loaded anew behind a
 * barrier, and thrown away afterwards.
 *
 *     segment      3      4     5     6      7      8      9
 *               page   page     -  page      -      -   open        - no page
 *                          trimmed         untouched from 7 on
 *
 * Claims go through the segments in order, so one without a page is finished when it lies before the last page. After
 * that the trimmed ones come first and then those that nobody has touched: where these begin is found by bisection,
 * so that no backlog is ever listed.
 */
import type { EntryCache } from '../log/entry-cache.ts';
import { initialPage } from '../model/cursor-draft.ts';
import type { Page } from '../model/page.ts';
import type { SegmentHeader } from '../model/segment.ts';
import type { Runtime } from '../runtime.ts';
import type { Topic } from '../topics/topic.ts';
import { notFound } from '../topics/topic.ts';
import { ABSENT, LoadedCursor } from './loaded-cursor.ts';

/** The work left in one level. */
export interface LevelInspection {
  readonly level: number;
  /** Pages in which something may be pending, in order. */
  readonly pages: readonly { readonly segment: number; readonly page: Page }[];
  /** The first segment that nobody has touched, where it starts, and the last; undefined when there is none. */
  readonly untouched:
    | { readonly segment: number; readonly header: SegmentHeader; readonly offset: number }
    | undefined;
  /** Messages and bytes ever appended to the level. */
  readonly total: { readonly messages: number; readonly bytes: number };
}

export interface Inspection {
  readonly cursor: LoadedCursor;
  readonly nowMs: number;
  readonly levels: readonly LevelInspection[];
}

/** Rejects with a StoreError; throws BrokerError 'not-found'. */
export async function inspect(
  runtime: Runtime,
  entries: EntryCache,
  topic: Topic,
  name: string,
): Promise<Inspection> {
  await runtime.store.barrier();
  await topic.refresh();
  const cursor = new LoadedCursor(runtime.store, entries, topic, name, () => {});
  for (const log of topic.logs) log.markStale();
  await cursor.refresh();
  if (topic.deleted || !cursor.exists) throw notFound(topic.kind, topic.name);
  const levels = await Promise.all(cursor.levels.map((level) => inspectLevel(cursor, level)));
  return { cursor, nowMs: runtime.store.now(), levels };
}

async function inspectLevel(cursor: LoadedCursor, level: number): Promise<LevelInspection> {
  const log = cursor.topic.log(level);
  const open = log.openSegment();
  if (open === undefined) return { level, pages: [], untouched: undefined, total: { messages: 0, bytes: 0 } };
  const total = {
    messages: open.header.ordinal + open.end,
    bytes: open.header.bytesBefore + open.slots.reduce((sum, slot) => sum + slot.bytes, 0),
  };
  const { first, last } = cursor.bounds(level);
  const pages = cursor
    .pages()
    .filter((page) => page.level === level && page.segment >= first && page.version !== ABSENT)
    .map(({ segment, page }) => ({ segment, page }))
    .sort((a, b) => a.segment - b.segment);
  const behindPages = (pages.at(-1)?.segment ?? first - 1) + 1;
  if (behindPages > last) return { level, pages, untouched: undefined, total };
  const segment = await firstUntouched(cursor, level, behindPages, last);
  const header = (await log.header(segment)) ?? open.header;
  return {
    level,
    pages,
    total,
    untouched: { segment, header, offset: initialPage(segment, cursor.start(level)).frontier },
  };
}

/** The first segment in [from, last] that is not trimmed. The last one is open. */
async function firstUntouched(
  cursor: LoadedCursor,
  level: number,
  from: number,
  last: number,
): Promise<number> {
  const isTrimmed = async (segment: number) => {
    const header = await cursor.topic.log(level).header(segment);
    return header === undefined || header.state === 'trimmed';
  };
  let low = from;
  let high = last;
  // Nearly always the very next one.
  if (low < high && !(await isTrimmed(low))) return low;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (await isTrimmed(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
