/**
 * A topic's messages as they come, for one reader: from now on, or after a place that an earlier stream has given.
 * No lease, no ack, no state anywhere but in the reader's place: the id of an event tells how far each priority
 * level's log has been read.
 */
import type { StreamEvent } from '../broker-types.ts';
import type { CallSignal } from '../call-signal.ts';
import { storedMessage } from '../cursor/peek.ts';
import { positionsOf } from '../cursor/restart.ts';
import { Deadline } from '../deadline.ts';
import { BrokerError } from '../errors.ts';
import type { EntryCache } from '../log/entry-cache.ts';
import { LOG_START, type LogPosition } from '../model/position.ts';
import type { Runtime } from '../runtime.ts';
import { connected, readThrough } from '../settled-commit.ts';
import { StoreError } from '../zookeeper/store.ts';
import { messagesOf, refreshLogs } from './browsing.ts';
import type { OpenTopic } from './open-topic.ts';

/** How far a level's log has been read: a place in it, and the number of messages before that place's segment. */
interface Place extends LogPosition {
  readonly ordinal: number;
}

/** So many messages are handed over at a time. */
const BATCH_MAX = 100;
/** A hint may be lost: the stream looks again after this, without one. */
const LOOK_AGAIN_MS = 30_000;

/**
 * @param lastEventId resume after this event
 * @param signal ends the stream
 * @throws BrokerError 'validation' for what was never an id of this stream
 */
export async function openStream(
  runtime: Runtime,
  entries: EntryCache,
  open: OpenTopic,
  lastEventId: string | undefined,
  signal: CallSignal,
): Promise<AsyncIterable<readonly StreamEvent[]>> {
  const { topic } = open;
  const resumed = lastEventId === undefined ? undefined : decodeEventId(lastEventId, topic.id);
  const limit = new Deadline(runtime.timers, runtime.requestTimeoutMs);
  try {
    const places = await readThrough(runtime, limit, async () => {
      await refreshLogs(runtime, topic);
      if (resumed !== undefined) return resumed;
      const ends = await positionsOf(topic, entries, { kind: 'latest' });
      return Promise.all(
        ends.map(async (end, level): Promise<Place> => {
          return { ...end, ordinal: (await topic.log(level).header(end.segment))?.ordinal ?? 0 };
        }),
      );
    });
    const hasGap = resumed !== undefined && (await readThrough(runtime, limit, () => isGone(topic, resumed)));
    open.schedule.follow();
    return follow(runtime, entries, open, [...places], hasGap, signal);
  } finally {
    limit.cancel();
  }
}

async function* follow(
  runtime: Runtime,
  entries: EntryCache,
  { topic }: OpenTopic,
  places: Place[],
  hasGap: boolean,
  signal: CallSignal,
): AsyncGenerator<readonly StreamEvent[]> {
  if (hasGap) yield [{ kind: 'gap' }];
  const bell = new Bell();
  const stopListening = topic.onEvent((event) => {
    if (event === 'appended' || event === 'changed') bell.ring();
  });
  const onAbort = () => bell.ring();
  signal.addEventListener('abort', onAbort);
  try {
    while (!signal.aborted) {
      try {
        for await (const batch of newMessages(entries, topic, places)) {
          yield batch;
          if (signal.aborted) return;
        }
        if (topic.stale) await topic.refresh();
        if (topic.deleted) return;
        const cancel = runtime.timers.after(LOOK_AGAIN_MS, () => bell.ring());
        // Set the watches first and look again after, so that nothing falls in between.
        for (const log of topic.logs) await log.refresh(bell.ring);
        if (!hasNew(topic, places)) await bell.rung();
        cancel();
        for (const log of topic.logs) await log.refresh();
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        await connected(runtime, signal).catch(() => {});
        for (const log of topic.logs) log.markStale();
      }
    }
  } finally {
    stopListening();
    signal.removeEventListener('abort', onAbort);
  }
}

/** Whether messages behind the places are no longer there. Others trim without telling, so headers are read anew. */
async function isGone(topic: OpenTopic['topic'], places: readonly Place[]): Promise<boolean> {
  for (const log of topic.logs) {
    if (log.last < 0) continue;
    await log.findFirst();
    const place = places[log.level];
    const read = place === undefined ? 0 : place.ordinal + place.offset;
    for (let segment = log.first; segment <= log.last; segment += 1) {
      log.forget(segment);
      const header = await log.header(segment);
      if (header === undefined || header.state === 'trimmed') continue;
      if (header.ordinal > read) return true;
      break;
    }
  }
  return false;
}

function hasNew(topic: OpenTopic['topic'], places: readonly Place[]): boolean {
  return topic.logs.some((log) => {
    const place = places[log.level] ?? LOG_START;
    return log.last > place.segment || (log.known(log.last)?.end ?? 0) > place.offset;
  });
}

/** What lies behind the places, which move along. */
async function* newMessages(
  entries: EntryCache,
  topic: OpenTopic['topic'],
  places: Place[],
): AsyncGenerator<StreamEvent[]> {
  for (const log of topic.logs) {
    let batch: StreamEvent[] = [];
    for await (const { position, message } of messagesOf(log, entries, places[log.level] ?? LOG_START)) {
      const ordinal = log.known(position.segment)?.header.ordinal ?? 0;
      places[log.level] = { segment: position.segment, offset: position.offset + 1, ordinal };
      if (message.onlyFor !== undefined) continue;
      batch.push({
        kind: 'message',
        eventId: encodeEventId(places, topic.id),
        message: storedMessage(message),
      });
      if (batch.length < BATCH_MAX) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }
}

/** Rung by anyone at any time; heard once by who waits. */
class Bell {
  #rung = false;
  #hear: (() => void) | undefined;

  readonly ring = (): void => {
    this.#rung = true;
    this.#hear?.();
  };

  async rung(): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        this.#hear = resolve;
      });
    }
    this.#rung = false;
    this.#hear = undefined;
  }
}

function encodeEventId(places: readonly Place[], id: string): string {
  const text = Array.from(
    places,
    (place) => `${place?.segment ?? 0}.${place?.offset ?? 0}.${place?.ordinal ?? 0}`,
  ).join('_');
  return Buffer.from(`${id}/${text}`).toString('base64url');
}

function decodeEventId(eventId: string, id: string): Place[] {
  const text = Buffer.from(eventId, 'base64url').toString('latin1');
  const match = /^([0-9a-z]+)\/(\d{1,10}\.\d{1,10}\.\d{1,16}(?:_\d{1,10}\.\d{1,10}\.\d{1,16}){0,9})$/.exec(
    text,
  );
  if (match === null || match[1] !== id) {
    const message =
      'was never an id of this stream: leave it out to begin with what is published from now on';
    throw new BrokerError('validation', `Last-Event-ID ${message}.`, {
      errors: [{ path: 'Last-Event-ID', message }],
    });
  }
  return (match[2] as string).split('_').map((place): Place => {
    const [segment, offset, ordinal] = place.split('.').map(Number) as [number, number, number];
    return { segment, offset, ordinal };
  });
}
