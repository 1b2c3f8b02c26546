/**
 * A topic's messages as they come, for one reader: from now on, or after a place that an earlier stream has given.
 * No lease, no ack, no state anywhere but in the reader's place: the id of an event tells how far each priority
 * level's log has been read. Contiguous, or with a gap where messages were trimmed before they were read.
 */

import { readWithDeadline, untilReconnected } from '../commit/read-through.ts';
import { positionsOf } from '../cursor/restart.ts';
import type { EntryCache } from '../log/entry-cache.ts';
import { type LogPlace, LogReader } from '../log/log-reader.ts';
import type { Topic } from '../log/topic.ts';
import type { CallSignal } from '../model/call-signal.ts';
import { BrokerError } from '../model/errors.ts';
import { LOG_START } from '../model/position.ts';
import type { StreamEvent, StreamRoom } from '../model/vocabulary.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Engine } from '../topics/engine.ts';
import type { OpenTopic } from '../topics/open-topic.ts';
import { type Store, StoreError } from '../zookeeper/store.ts';
import { refreshLogs } from './browse.ts';
import { storedMessage } from './peek.ts';

/** So many messages are handed over at a time, */
const BATCH_MAX = 100;
/** or so many bytes, but at least one message: who waits to hand them on holds no more than that. */
const BATCH_BYTES_MAX = 64 * 1024;
/** What a message takes beside its body. */
const MEMBERS_BYTES = 512;
/** A hint may be lost: the stream looks again after this, without one. */
const LOOK_AGAIN_MS = 30_000;

/**
 * Opens a stream of a topic.
 *
 * @param lastEventId resume after this event
 * @param room entered each time before messages are read for the next batch
 * @param signal ends the stream
 * @throws BrokerError; 'validation' for what was never an id of this stream
 */
export function stream(
  { runtime, entries, directory }: Engine,
  name: string,
  lastEventId: string | undefined,
  signal: CallSignal,
  room?: StreamRoom,
): Promise<AsyncIterable<readonly StreamEvent[]>> {
  return directory.use({ kind: 'topic', name }, (open) =>
    openStream(runtime, entries, open, lastEventId, signal, room),
  );
}

async function openStream(
  runtime: Runtime,
  entries: EntryCache,
  open: OpenTopic,
  lastEventId: string | undefined,
  signal: CallSignal,
  room?: StreamRoom,
): Promise<AsyncIterable<readonly StreamEvent[]>> {
  const { topic } = open;
  const resumed = lastEventId === undefined ? undefined : decodeEventId(lastEventId, topic.id);
  const places = await readWithDeadline(runtime, async () => {
    await refreshLogs(runtime, topic);
    return resumed ?? (await endsOf(runtime.store, topic));
  });
  open.schedule.follow();
  return new TopicStream(runtime, entries, topic, places, signal, room);
}

async function endsOf(store: Store, topic: Topic): Promise<LogPlace[]> {
  const ends = await positionsOf(store, topic, { kind: 'latest' });
  return Promise.all(
    ends.map(async (end, level): Promise<LogPlace> => {
      return { ...end, ordinal: (await topic.log(level).header(end.segment))?.ordinal ?? 0 };
    }),
  );
}

/** While it waits for its reader to ask for more it holds a place in each log, and no message. */
class TopicStream implements AsyncIterableIterator<readonly StreamEvent[]> {
  readonly #runtime: Runtime;
  readonly #entries: EntryCache;
  readonly #topic: Topic;
  readonly #signal: CallSignal;
  readonly #room: StreamRoom | undefined;
  /** By level. */
  readonly #readers: LogReader[];
  readonly #bell = new Bell();
  readonly #stopListening: () => void;

  constructor(
    runtime: Runtime,
    entries: EntryCache,
    topic: Topic,
    places: readonly LogPlace[],
    signal: CallSignal,
    room: StreamRoom | undefined,
  ) {
    this.#runtime = runtime;
    this.#entries = entries;
    this.#topic = topic;
    this.#signal = signal;
    this.#room = room;
    this.#readers = Array.from(places, (place, level) => new LogReader(topic.log(level), entries, place));
    const stopListening = topic.onEvent((event) => {
      if (event === 'appended' || event === 'changed') this.#bell.ring();
    });
    const onAbort = () => {
      stopListening();
      this.#bell.ring();
    };
    this.#stopListening = () => {
      stopListening();
      signal.removeEventListener('abort', onAbort);
    };
    signal.addEventListener('abort', onAbort);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async return(): Promise<IteratorResult<readonly StreamEvent[]>> {
    this.#stopListening();
    return { done: true, value: undefined };
  }

  async next(): Promise<IteratorResult<readonly StreamEvent[]>> {
    while (!this.#signal.aborted) {
      try {
        if (this.#hasNew()) {
          await this.#room?.enter();
          if (this.#signal.aborted) break;
          const value = await this.#readBatch();
          if (value.length > 0) return { done: false, value };
          // Nothing is there after all: it may have been deleted.
          this.#room?.leave();
          this.#topic.markStale();
        }
        if (this.#topic.stale) await this.#topic.refresh();
        if (this.#topic.deleted) break;
        await this.#waitForNew();
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        await untilReconnected(this.#runtime, this.#signal).catch(() => {});
        for (const log of this.#topic.logs) log.markStale();
      }
    }
    return this.return();
  }

  /** Levels may come to be while it goes on. */
  #readerOf(level: number): LogReader {
    const reader =
      this.#readers[level] ??
      new LogReader(this.#topic.log(level), this.#entries, { ...LOG_START, ordinal: 0 });
    this.#readers[level] = reader;
    return reader;
  }

  #hasNew(): boolean {
    return this.#topic.logs.some(({ level }) => this.#readerOf(level).hasNew);
  }

  /** Rejects with a StoreError when that comes before anything was read. */
  async #readBatch(): Promise<StreamEvent[]> {
    const events: StreamEvent[] = [];
    try {
      await this.#readInto(events);
    } catch (error) {
      // The places have moved past what was read.
      if (!(error instanceof StoreError) || events.length === 0) throw error;
    }
    return events;
  }

  async #readInto(events: StreamEvent[]): Promise<void> {
    let bytes = 0;
    for (const { level } of this.#topic.logs) {
      const reader = this.#readerOf(level);
      for (let found = await reader.read(); found !== undefined; found = await reader.read()) {
        if (found === 'gap') {
          events.push({ kind: 'gap' });
          continue;
        }
        for (const message of found) {
          reader.pass(1);
          if (message.onlyFor !== undefined) continue;
          events.push({ kind: 'message', eventId: this.#eventId(), message: storedMessage(message) });
          bytes += message.body.length + MEMBERS_BYTES;
          if (events.length >= BATCH_MAX || bytes >= BATCH_BYTES_MAX) return;
        }
      }
    }
  }

  async #waitForNew(): Promise<void> {
    const cancel = this.#runtime.timers.after(LOOK_AGAIN_MS, this.#bell.ring);
    try {
      // Set the watches first and look again after, so that nothing falls in between.
      for (const log of this.#topic.logs) await log.refresh(this.#bell.ring);
      if (!this.#hasNew()) await this.#bell.rung();
    } finally {
      cancel();
    }
    for (const log of this.#topic.logs) await log.refresh();
  }

  #eventId(): string {
    return encodeEventId(
      Array.from(this.#readers, (reader) => reader?.place),
      this.#topic.id,
    );
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

function encodeEventId(places: readonly LogPlace[], id: string): string {
  const text = Array.from(
    places,
    (place) => `${place?.segment ?? 0}.${place?.offset ?? 0}.${place?.ordinal ?? 0}`,
  ).join('_');
  return Buffer.from(`${id}/${text}`).toString('base64url');
}

function decodeEventId(eventId: string, id: string): LogPlace[] {
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
  return (match[2] as string).split('_').map((place): LogPlace => {
    const [segment, offset, ordinal] = place.split('.').map(Number) as [number, number, number];
    return { segment, offset, ordinal };
  });
}
