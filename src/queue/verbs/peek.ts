/**
 * Looking at what is pending without leasing it, a page of messages at a time: the log in the order of priority and
 * position, then what waits for its time in the order in which it becomes due.
 */

import { readWithDeadline } from '../commit/read-through.ts';
import type { Inspection, LevelInspection } from '../cursor/inspection.ts';
import { untouchedPage } from '../cursor/untouched-page.ts';
import type { EntryCache } from '../log/entry-cache.ts';
import { type ScheduledPlace, scheduledMessages } from '../log/schedule-reader.ts';
import { isMessageExpired, isWanted } from '../model/delivery-policy.ts';
import { pendingRanges } from '../model/depth.ts';
import type { EntryMessage } from '../model/entry.ts';
import type { Page } from '../model/page.ts';
import type { Position } from '../model/position.ts';
import { slotAt } from '../model/segment.ts';
import type {
  ListPage,
  MessageState,
  PageRequest,
  PeekedMessage,
  StoredMessage,
  SubscriptionRef,
} from '../model/vocabulary.ts';
import type { Engine } from '../topics/engine.ts';
import type { Store } from '../zookeeper/store.ts';
import { decodeListCursor, encodeListCursor } from './list-cursor.ts';

/** One answer carries no more than this in bodies, but at least one message. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;

/** Where a pending message is, and so where the next page of a list begins. */
type PendingPlace = { kind: 'log'; position: Position } | { kind: 'schedule'; place: ScheduledPlace };

/** One page of what is pending. Throws BrokerError. */
export function peek(
  engine: Engine,
  source: SubscriptionRef,
  request: PageRequest & { state?: MessageState },
): Promise<ListPage<PeekedMessage>> {
  const { runtime, entries, directory } = engine;
  return directory.useSubscription(source, (open, subscription) =>
    readWithDeadline(runtime, async () => {
      const inspection = await open.inspect(subscription.name);
      return peekAt(inspection, runtime.store, entries, request);
    }),
  );
}

/** Rejects with a StoreError; throws BrokerError 'validation' for what was never a cursor. */
async function peekAt(
  inspection: Inspection,
  store: Store,
  entries: EntryCache,
  request: PageRequest & { state?: MessageState },
): Promise<ListPage<PeekedMessage>> {
  const from = request.cursor === undefined ? undefined : decodeCursor(request.cursor);
  const { policy } = inspection.state;
  const items: PeekedMessage[] = [];
  let bytes = 0;
  for await (const found of pending(inspection, store, entries, request.state, from)) {
    if (items.length >= request.limit || bytes >= BODY_BYTES_MAX) {
      return { items, nextCursor: encodeCursor(found.place) };
    }
    const isNew = found.deliveries === 0;
    if (
      isMessageExpired(found.message, policy, inspection.nowMs) ||
      (isNew && !isWanted(found.message, policy))
    )
      continue;
    bytes += found.message.body.length;
    const { message, state, deliveries } = found;
    const leased = state === 'leased' ? { leaseExpiresAtMs: found.untilMs } : {};
    items.push({ ...storedMessage(message), state, deliveries, ...leased });
  }
  return { items };
}

/** What a client is shown of a stored message. */
export function storedMessage(message: EntryMessage): StoredMessage {
  const { expiresAtMs: _expiresAtMs, onlyFor: _onlyFor, scheduledBy: _scheduledBy, ...stored } = message;
  return stored;
}

interface Found {
  readonly place: PendingPlace;
  readonly message: EntryMessage;
  readonly state: MessageState;
  readonly deliveries: number;
  readonly untilMs: number;
}

async function* pending(
  inspection: Inspection,
  store: Store,
  entries: EntryCache,
  state: MessageState | undefined,
  from: PendingPlace | undefined,
): AsyncGenerator<Found> {
  if (from?.kind !== 'schedule') yield* pendingInLog(inspection, entries, state, from?.position);
  if (state === 'ready' || state === 'leased') return;
  const after = from?.kind === 'schedule' ? from.place : undefined;
  const { topic } = inspection.state;
  for await (const { place, message } of scheduledMessages(store, entries, topic.id, after)) {
    yield {
      place: { kind: 'schedule', place },
      message,
      state: 'delayed',
      deliveries: 0,
      untilMs: place.dueMs,
    };
  }
}

async function* pendingInLog(
  inspection: Inspection,
  entries: EntryCache,
  state: MessageState | undefined,
  from: Position | undefined,
): AsyncGenerator<Found> {
  for (const inspected of inspection.levels) {
    const { level } = inspected;
    // Levels are served from the highest down: those above the cursor's have been shown.
    if (from !== undefined && level > from.level) continue;
    const log = inspection.state.topic.log(level);
    for (const { segment, page } of segmentsOf(inspection, inspected, state)) {
      if (from !== undefined && level === from.level && segment < from.segment) continue;
      // Kept while its entries are read: others may have the log forget it.
      const known = await log.segment(segment);
      if (known === undefined) continue;
      for (const range of pendingRanges(page, known.end, inspection.nowMs)) {
        if (state !== undefined && range.state !== state) continue;
        for (let offset = range.start; offset < range.end; offset += 1) {
          const position = { level, segment, offset };
          if (from !== undefined && isBefore(position, from)) continue;
          const slot = slotAt(known.slots, offset);
          const entry = slot && (await entries.read(log.entryPath(segment, slot), slot.token));
          const message = slot && entry?.messages[offset - slot.start];
          if (message !== undefined) yield { place: { kind: 'log', position }, message, ...range };
        }
      }
    }
  }
}

/** The segments in which something may be pending. Nothing in an untouched one is leased or delayed. */
function* segmentsOf(
  inspection: Inspection,
  { level, pages, untouched }: LevelInspection,
  state: MessageState | undefined,
): Generator<{ segment: number; page: Page }> {
  yield* pages;
  if (untouched === undefined || state === 'leased' || state === 'delayed') return;
  const { last } = inspection.state.topic.log(level);
  for (let segment = untouched.segment; segment <= last; segment += 1) {
    yield { segment, page: untouchedPage(inspection.state, level, segment) };
  }
}

function isBefore(position: Position, from: Position): boolean {
  if (position.level !== from.level) return position.level > from.level;
  if (position.segment !== from.segment) return position.segment < from.segment;
  return position.offset < from.offset;
}

function encodeCursor(from: PendingPlace): string {
  if (from.kind === 'log') {
    const { level, segment, offset } = from.position;
    return encodeListCursor(`l.${level}.${segment}.${offset}`);
  }
  const { dueMs, sequence, index } = from.place;
  return encodeListCursor(`s.${dueMs}.${sequence}.${index}`);
}

function decodeCursor(cursor: string): PendingPlace {
  const match = decodeListCursor(cursor, /^([ls])\.(\d{1,16})\.(\d{1,10})\.(\d{1,10})$/);
  const [first, second, third] = match.slice(2).map(Number) as [number, number, number];
  return match[1] === 'l'
    ? { kind: 'log', position: { level: first, segment: second, offset: third } }
    : { kind: 'schedule', place: { dueMs: first, sequence: second, index: third } };
}
