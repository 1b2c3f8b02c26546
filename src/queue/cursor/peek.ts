/** Looking at what is pending without leasing it, in the order of priority and log, a page of messages at a time. */
import type { MessageState, PageRequest, PeekedMessage, Page as ResultPage } from '../broker-types.ts';
import { BrokerError } from '../errors.ts';
import type { EntryCache } from '../log/entry-cache.ts';
import { initialPage } from '../model/cursor-draft.ts';
import { pendingRanges } from '../model/depth.ts';
import type { Page } from '../model/page.ts';
import type { Position } from '../model/position.ts';
import type { Inspection, LevelInspection } from './inspection.ts';

/** One answer carries no more than this in bodies, but at least one message. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;

/** Rejects with a StoreError; throws BrokerError 'validation' for what was never a cursor. */
export async function peekAt(
  inspection: Inspection,
  entries: EntryCache,
  request: PageRequest & { state?: MessageState },
): Promise<ResultPage<PeekedMessage>> {
  const from = request.cursor === undefined ? undefined : decodeCursor(request.cursor);
  const items: PeekedMessage[] = [];
  let bytes = 0;
  for (const inspected of inspection.levels) {
    // Levels are served from the highest down: those above the cursor's have been shown.
    if (from !== undefined && inspected.level > from.level) continue;
    for (const { segment, page } of segmentsOf(inspection, inspected, request.state)) {
      if (from !== undefined && inspected.level === from.level && segment < from.segment) continue;
      const known = await inspection.cursor.topic.log(inspected.level).segment(segment);
      if (known === undefined) continue;
      for (const range of pendingRanges(page, known.end, inspection.nowMs)) {
        if (request.state !== undefined && range.state !== request.state) continue;
        for (let offset = range.start; offset < range.end; offset += 1) {
          const position = { level: inspected.level, segment, offset };
          if (from !== undefined && isBefore(position, from)) continue;
          if (items.length >= request.limit || bytes >= BODY_BYTES_MAX) {
            return { items, nextCursor: encodeCursor(position) };
          }
          const message = await messageAt(inspection, entries, position);
          if (message === undefined || (message.expiresAtMs ?? Number.POSITIVE_INFINITY) <= inspection.nowMs)
            continue;
          bytes += message.body.length;
          const { expiresAtMs: _expiresAtMs, ...stored } = message;
          items.push({
            ...stored,
            state: range.state,
            deliveries: range.deliveries,
            ...(range.state === 'leased' ? { leaseExpiresAtMs: range.untilMs } : {}),
          });
        }
      }
    }
  }
  return { items };
}

/** The segments in which something may be pending. Nothing in an untouched one is leased or delayed. */
function* segmentsOf(
  inspection: Inspection,
  { level, pages, untouched }: LevelInspection,
  state: MessageState | undefined,
): Generator<{ segment: number; page: Page }> {
  yield* pages;
  if (untouched === undefined || state === 'leased' || state === 'delayed') return;
  const { last } = inspection.cursor.topic.log(level);
  for (let segment = untouched.segment; segment <= last; segment += 1) {
    yield { segment, page: initialPage(segment, inspection.cursor.start(level)) };
  }
}

async function messageAt(inspection: Inspection, entries: EntryCache, { level, segment, offset }: Position) {
  const log = inspection.cursor.topic.log(level);
  const slot = log.slotAt(segment, offset);
  if (slot === undefined) return undefined;
  const entry = await entries.read(log.entryPath(segment, slot), slot.token);
  return entry?.messages[offset - slot.start];
}

function isBefore(position: Position, from: Position): boolean {
  if (position.level !== from.level) return position.level > from.level;
  if (position.segment !== from.segment) return position.segment < from.segment;
  return position.offset < from.offset;
}

function encodeCursor({ level, segment, offset }: Position): string {
  return Buffer.from(`${level}.${segment}.${offset}`).toString('base64url');
}

function decodeCursor(cursor: string): Position {
  const match = /^(\d)\.(\d{1,10})\.(\d{1,10})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (match === null) {
    const message = 'is not a cursor of this list: pass on nextCursor as it was given, or leave it out';
    throw new BrokerError('validation', 'The cursor is not valid.', {
      errors: [{ path: 'cursor', message }],
    });
  }
  return { level: Number(match[1]), segment: Number(match[2]), offset: Number(match[3]) };
}
