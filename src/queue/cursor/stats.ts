/**
 * Statistics of a subscription, exact at the moment of the reads: what is pending in the few pages in use, plus what
 * lies behind the first segment that nobody has touched, known from ordinals. The cost does not grow with the backlog.
 */

import type { EntryCache } from '../log/entry-cache.ts';
import { isWanted } from '../model/delivery-policy.ts';
import { coverage, depthOf, pendingRanges } from '../model/depth.ts';
import { slotAt } from '../model/segment.ts';
import type { Stats } from '../model/vocabulary.ts';
import type { Inspection, LevelInspection } from './inspection.ts';
import { untouchedPage } from './untouched-page.ts';

interface LevelStats {
  readonly ready: number;
  readonly leased: number;
  readonly delayed: number;
  readonly bytes: number;
  readonly oldestPublishedAtMs: number | undefined;
}

/** @param scheduled what waits for its time, which counts as delayed. Rejects with a StoreError. */
export async function statsOf(
  inspection: Inspection,
  entries: EntryCache,
  scheduled: { messages: number; bytes: number; oldestPublishedAtMs: number | undefined },
): Promise<Stats> {
  const { filter, purgedSchedule } = inspection.state.policy;
  const counted = filter === undefined && purgedSchedule === 0 ? levelStats : filteredStats;
  const inLog = await Promise.all(inspection.levels.map((level) => counted(inspection, level, entries)));
  const { oldestPublishedAtMs } = scheduled;
  const waiting = {
    ready: 0,
    leased: 0,
    delayed: scheduled.messages,
    bytes: scheduled.bytes,
    oldestPublishedAtMs,
  };
  const levels: LevelStats[] = [...inLog, waiting];
  const sum = (count: (level: LevelStats) => number) =>
    levels.reduce((total, level) => total + count(level), 0);
  const ready = sum((level) => level.ready);
  const leased = sum((level) => level.leased);
  const delayed = sum((level) => level.delayed);
  const published = levels
    .map((level) => level.oldestPublishedAtMs)
    .filter((instant) => instant !== undefined);
  const oldest = published.length === 0 ? undefined : Math.min(...published);
  return {
    messages: ready + leased + delayed,
    ready,
    leased,
    delayed,
    bytes: sum((level) => level.bytes),
    oldestMessageAgeSeconds: oldest === undefined ? null : Math.max(0, inspection.nowMs - oldest) / 1000,
  };
}

async function levelStats(
  inspection: Inspection,
  inspected: LevelInspection,
  entries: EntryCache,
): Promise<LevelStats> {
  const { level, pages, untouched, total } = inspected;
  const log = inspection.state.topic.log(level);
  const stats = { ready: 0, leased: 0, delayed: 0, bytes: 0 };
  let oldest: { segment: number; offset: number } | undefined;
  for (const { segment, page } of pages) {
    const known = await log.segment(segment);
    if (known === undefined) continue;
    const ranges = pendingRanges(page, known.end, inspection.nowMs);
    const depth = depthOf(ranges);
    stats.ready += depth.ready;
    stats.leased += depth.leased;
    stats.delayed += depth.delayed;
    if (oldest === undefined && ranges[0] !== undefined) oldest = { segment, offset: ranges[0].start };
    const { wholeBytes, parts } = coverage(known.slots, ranges);
    stats.bytes += wholeBytes;
    for (const { slot, offsets } of parts) {
      const entry = await entries.read(log.entryPath(segment, slot), slot.token);
      for (const offset of offsets) stats.bytes += entry?.messages[offset - slot.start]?.body.length ?? 0;
    }
  }
  if (untouched !== undefined) {
    const skippedBytes = await bytesBefore(inspection, level, untouched, entries);
    const ready = total.messages - untouched.header.ordinal - untouched.offset;
    stats.ready += ready;
    stats.bytes += total.bytes - untouched.header.bytesBefore - skippedBytes;
    if (oldest === undefined && ready > 0) oldest = { segment: untouched.segment, offset: untouched.offset };
  }
  return { ...stats, oldestPublishedAtMs: await publishedAtMs(inspection, level, oldest, entries) };
}

/**
 * With a filter, what is pending is only known by looking at each message that nobody has been given: the one count
 * whose cost grows with what the subscription has yet to go through.
 */
async function filteredStats(
  inspection: Inspection,
  inspected: LevelInspection,
  entries: EntryCache,
): Promise<LevelStats> {
  const { state, nowMs } = inspection;
  const { level, pages, untouched } = inspected;
  const log = state.topic.log(level);
  const stats = { ready: 0, leased: 0, delayed: 0, bytes: 0 };
  let oldestPublishedAtMs: number | undefined;
  const segments = [...pages];
  for (let segment = untouched?.segment ?? log.last + 1; segment <= log.last; segment += 1) {
    segments.push({ segment, page: untouchedPage(state, level, segment) });
  }
  for (const { segment, page } of segments) {
    const known = await log.segment(segment);
    if (known === undefined) continue;
    for (const range of pendingRanges(page, known.end, nowMs)) {
      for (let offset = range.start; offset < range.end; offset += 1) {
        const slot = slotAt(known.slots, offset);
        const entry = slot && (await entries.read(log.entryPath(segment, slot), slot.token));
        const message = slot && entry?.messages[offset - slot.start];
        if (message === undefined || (range.deliveries === 0 && !isWanted(message, state.policy))) continue;
        stats[range.state] += 1;
        stats.bytes += message.body.length;
        oldestPublishedAtMs ??= message.publishedAtMs;
      }
    }
  }
  return { ...stats, oldestPublishedAtMs };
}

/** Bytes of the messages that a subscription starting in the middle of a segment leaves out. */
async function bytesBefore(
  inspection: Inspection,
  level: number,
  { segment, offset }: { segment: number; offset: number },
  entries: EntryCache,
): Promise<number> {
  if (offset === 0) return 0;
  const log = inspection.state.topic.log(level);
  const known = await log.segment(segment);
  let bytes = 0;
  for (const slot of known?.slots ?? []) {
    if (slot.start + slot.count <= offset) bytes += slot.bytes;
    else if (slot.start < offset) {
      const entry = await entries.read(log.entryPath(segment, slot), slot.token);
      for (const message of entry?.messages.slice(0, offset - slot.start) ?? []) bytes += message.body.length;
    }
  }
  return bytes;
}

async function publishedAtMs(
  inspection: Inspection,
  level: number,
  position: { segment: number; offset: number } | undefined,
  entries: EntryCache,
): Promise<number | undefined> {
  if (position === undefined) return undefined;
  const log = inspection.state.topic.log(level);
  const known = await log.segment(position.segment);
  const slot = slotAt(known?.slots ?? [], position.offset);
  if (slot === undefined) return undefined;
  const entry = await entries.read(log.entryPath(position.segment, slot), slot.token);
  return entry?.messages[position.offset - slot.start]?.publishedAtMs;
}
