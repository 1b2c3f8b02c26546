/** What a topic's log holds, whatever its subscriptions have done with it: counted, and shown a page at a time. */

import { readWithDeadline } from '../commit/read-through.ts';
import type { EntryCache } from '../log/entry-cache.ts';
import { readHoles } from '../log/hole-node.ts';
import type { Log } from '../log/log.ts';
import { LogReader } from '../log/log-reader.ts';
import { findOpenSegment } from '../log/open-segment.ts';
import type { Topic } from '../log/topic.ts';
import { isMessageExpired } from '../model/delivery-policy.ts';
import type { EntryMessage } from '../model/entry.ts';
import { behindHole, inHolesBehind } from '../model/holes.ts';
import type { LogPosition, Position } from '../model/position.ts';
import { bytesOf } from '../model/segment.ts';
import type { ListPage, PageRequest, PeekedMessage, Stats } from '../model/vocabulary.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Engine } from '../topics/engine.ts';
import { decodeListCursor, encodeListCursor } from './list-cursor.ts';
import { storedMessage } from './peek.ts';

/** One answer carries no more than this in bodies, but at least one message. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;

/** Brings a topic's picture of its logs' ends up to date, behind a barrier. Rejects with a StoreError; throws 'not-found'. */
export async function refreshLogs(runtime: Runtime, topic: Topic): Promise<void> {
  await runtime.store.barrier();
  await topic.refresh();
  topic.assertLive();
  await topic.discoverLevels();
  // Others trim as well.
  await Promise.all(topic.logs.flatMap((log) => [log.refresh(), log.findFirst()]));
}

/** Everything that has not been trimmed counts as ready. Rejects with a StoreError; throws 'not-found'. */
export async function logStats(
  runtime: Runtime,
  entries: EntryCache,
  topic: Topic,
  scheduled: { messages: number; bytes: number; oldestPublishedAtMs: number | undefined },
): Promise<Stats> {
  await refreshLogs(runtime, topic);
  const { holes } = await readHoles(runtime.store, topic.id);
  let ready = 0;
  let { bytes } = scheduled;
  let oldest = scheduled.oldestPublishedAtMs;
  for (const log of topic.logs) {
    const open = await findOpenSegment(log);
    if (open === undefined) continue;
    const number = Math.min(behindHole(holes, log.level, log.first), open.number);
    const first = await log.header(number);
    if (first === undefined) continue;
    const trimmed = inHolesBehind(holes, log.level, number);
    ready += open.header.ordinal + open.end - first.ordinal - trimmed.messages;
    bytes += open.header.bytesBefore + bytesOf(open.slots) - first.bytesBefore - trimmed.bytes;
    for await (const { message } of messagesOf(log, entries, { segment: log.first, offset: 0 })) {
      oldest = Math.min(oldest ?? message.publishedAtMs, message.publishedAtMs);
      break;
    }
  }
  const messages = ready + scheduled.messages;
  const oldestMessageAgeSeconds =
    oldest === undefined ? null : Math.max(0, runtime.store.now() - oldest) / 1000;
  return { messages, ready, leased: 0, delayed: scheduled.messages, bytes, oldestMessageAgeSeconds };
}

/** One page of a topic's log, oldest first. Throws BrokerError. */
export function browse(engine: Engine, name: string, request: PageRequest): Promise<ListPage<PeekedMessage>> {
  const { runtime, entries, directory } = engine;
  return directory.use({ kind: 'topic', name }, ({ schedule, topic }) =>
    readWithDeadline(runtime, async () => {
      await schedule.moveDue(true);
      return browseLog(runtime, entries, topic, request);
    }),
  );
}

/** Rejects with a StoreError; throws BrokerError 'not-found', or 'validation' for what was never a cursor. */
async function browseLog(
  runtime: Runtime,
  entries: EntryCache,
  topic: Topic,
  request: PageRequest,
): Promise<ListPage<PeekedMessage>> {
  await refreshLogs(runtime, topic);
  const from = request.cursor === undefined ? undefined : decodeCursor(request.cursor);
  const { messageTtlSeconds } = topic.storage;
  const policy = { messageTtlMs: messageTtlSeconds === undefined ? undefined : messageTtlSeconds * 1000 };
  const items: PeekedMessage[] = [];
  let bytes = 0;
  for (const log of topic.logs) {
    if (from !== undefined && log.level > from.level) continue;
    const start = from?.level === log.level ? from : { segment: log.first, offset: 0 };
    // Others trim without telling, also in the middle: what is sealed is looked at anew.
    for (let number = Math.max(start.segment, log.first); number < log.last; number += 1) log.forget(number);
    for await (const { position, message } of messagesOf(log, entries, start)) {
      if (items.length >= request.limit || bytes >= BODY_BYTES_MAX)
        return { items, nextCursor: encodeCursor(position) };
      if (message.onlyFor !== undefined || isMessageExpired(message, policy, runtime.store.now())) continue;
      bytes += message.body.length;
      items.push({ ...storedMessage(message), state: 'ready', deliveries: 0 });
    }
  }
  return { items };
}

/** The messages of a refreshed log from a place on, in order, without those that are trimmed. */
export async function* messagesOf(
  log: Log,
  entries: EntryCache,
  from: LogPosition,
): AsyncGenerator<{ position: Position; message: EntryMessage }> {
  const reader = new LogReader(log, entries, { ...from, ordinal: 0 });
  for (let found = await reader.read(); found !== undefined; found = await reader.read()) {
    for (const message of found === 'gap' ? [] : found) {
      const { segment, offset } = reader.place;
      reader.pass(1);
      yield { position: { level: log.level, segment, offset }, message };
    }
  }
}

function encodeCursor({ level, segment, offset }: Position): string {
  return encodeListCursor(`${level}.${segment}.${offset}`);
}

function decodeCursor(cursor: string): Position {
  const match = decodeListCursor(cursor, /^(\d)\.(\d{1,10})\.(\d{1,10})$/);
  return { level: Number(match[1]), segment: Number(match[2]), offset: Number(match[3]) };
}
