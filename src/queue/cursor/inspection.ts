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
import type { Log, Segment } from '../log/log.ts';
import { initialPage } from '../model/cursor-draft.ts';
import type { Page } from '../model/page.ts';
import { OPEN_VERSION, type SegmentHeader } from '../model/segment.ts';
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
  for (;;) {
    await topic.refresh();
    const cursor = new LoadedCursor(runtime.store, entries, topic, name, () => {});
    for (const log of topic.logs) log.markStale();
    await cursor.refresh();
    if (topic.deleted || !cursor.exists) throw notFound(topic.kind, topic.name);
    const levels = await Promise.all(cursor.levels.map((level) => inspectLevel(runtime, cursor, level)));
    const seen = levels.filter((level) => level !== undefined);
    if (seen.length === levels.length) return { cursor, nowMs: runtime.store.now(), levels: seen };
  }
}

/** Undefined when the log has moved on while it was being read: to be looked at again. */
async function inspectLevel(
  runtime: Runtime,
  cursor: LoadedCursor,
  level: number,
): Promise<LevelInspection | undefined> {
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
  const { segment, header } = await firstUntouched(log, open, behindPages);
  if (segment === open.number && open.end > 0) {
    // Without a page it is untouched, or it was sealed and trimmed, page and all, after we saw it open.
    const stat = await runtime.store.stat(log.path(segment));
    if (stat?.version !== OPEN_VERSION) return undefined;
  }
  return {
    level,
    pages,
    total,
    untouched: { segment, header, offset: initialPage(segment, cursor.start(level)).frontier },
  };
}

/**
 * The first segment at or after `from` that is not trimmed; the open one never is. What this gateway knows of sealed
 * segments is not asked: others trim them without telling.
 */
async function firstUntouched(
  log: Log,
  open: Segment,
  from: number,
): Promise<{ readonly segment: number; readonly header: SegmentHeader }> {
  let low = from;
  let high = open.number;
  let header = open.header;
  // Nearly always the very next one, so that is asked first.
  for (let middle = low; low < high; middle = (low + high) >> 1) {
    log.forget(middle);
    const found = await log.header(middle);
    if (found === undefined || found.state === 'trimmed') low = middle + 1;
    else {
      high = middle;
      header = found;
    }
  }
  return { segment: low, header };
}
