/**
 * Group commit: one appender for each incarnation and gateway.
 *
 *     idle --request--> committing --> next batch (all that arrived meanwhile) --> … --> idle
 *
 * Nothing waits for a timer: a request that finds the appender idle is sent at once, and those that arrive while a
 * write is under way become the next batch together. One request never spans two commits. A batch is one commit: the
 * check of the incarnation, then for each priority level in it the check of the open segment and the entry. The
 * entry's token is how a batch whose answer was lost is found again.
 */
import { BrokerError } from '../errors.ts';
import { messageId, type PackableMessage } from '../model/entry.ts';
import { entryPrefix, OPEN_VERSION, parseEntryName, SEALED_VERSION } from '../model/segment.ts';
import { Pending } from '../pending.ts';
import type { Runtime } from '../runtime.ts';
import { deadline, readThrough, settledCommit } from '../settled-commit.ts';
import type { Topic } from '../topics/topic.ts';
import type { Write, WriteResult } from '../zookeeper/store.ts';
import type { EntryCache } from './entry-cache.ts';
import type { Log, Segment } from './log.ts';

interface AppendRequest {
  readonly messages: readonly PackableMessage[];
  readonly packedBytes: number;
  readonly pending: Pending<string[]>;
}

/** The part of a batch that goes to one level. */
interface LevelEntry {
  readonly log: Log;
  readonly segment: Segment;
  readonly token: string;
  readonly messages: PackableMessage[];
  readonly data: Buffer;
}

/** Below the server's limit for a whole packet, with room for the paths. */
export const BATCH_BYTES_MAX = 990_000;
/** One request of the API may have so many; more in one entry would make segments and pages needlessly large. */
const ENTRY_MESSAGES_MAX = 1000;
const TOKEN_CHARACTERS = 12;

export class Appender {
  readonly #runtime: Runtime;
  readonly #topic: Topic;
  readonly #entries: EntryCache;
  #queue: AppendRequest[] = [];
  #running = false;

  constructor(runtime: Runtime, topic: Topic, entries: EntryCache) {
    this.#runtime = runtime;
    this.#topic = topic;
    this.#entries = entries;
  }

  /**
   * Stores the messages in one atomic write.
   *
   * @returns their ids, in order
   * @throws BrokerError
   */
  append(messages: readonly PackableMessage[], signal: AbortSignal): Promise<string[]> {
    const packedBytes = packedBytesOf(messages);
    if (packedBytes > BATCH_BYTES_MAX) {
      return Promise.reject(
        new BrokerError(
          'payload-too-large',
          'The messages with their attributes and options exceed one write.',
        ),
      );
    }
    const pending = new Pending<string[]>(this.#runtime.timers, this.#runtime.requestTimeoutMs, signal);
    this.#queue.push({ messages, packedBytes, pending });
    if (!this.#running) void this.#run();
    return pending.promise;
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) {
      try {
        await this.#commitUntilSettled(batch);
      } catch (error) {
        for (const request of batch) request.pending.fail(error as Error);
      }
      await this.#roll();
    }
    this.#running = false;
  }

  #take(): AppendRequest[] {
    const batch: AppendRequest[] = [];
    let bytes = 0;
    let count = 0;
    this.#queue = this.#queue.filter((request) => request.pending.open);
    for (const request of this.#queue) {
      bytes += request.packedBytes;
      count += request.messages.length;
      if (batch.length > 0 && (bytes > BATCH_BYTES_MAX || count > ENTRY_MESSAGES_MAX)) break;
      batch.push(request);
    }
    this.#queue = this.#queue.slice(batch.length);
    return batch;
  }

  /** Tries until the batch is stored, or nobody waits for it any more. */
  async #commitUntilSettled(batch: readonly AppendRequest[]): Promise<void> {
    const { signal, cancel } = deadline(this.#runtime, this.#runtime.requestTimeoutMs);
    try {
      for (;;) {
        const live = batch.filter((request) => request.pending.open);
        if (live.length === 0) return;
        const entries = await readThrough(this.#runtime, signal, () => this.#prepare(live));
        // Who was refused while we read, because its time was over, must not be stored behind its back.
        if (!live.every((request) => request.pending.open)) continue;
        if (await this.#commit(live, entries, signal)) return;
      }
    } finally {
      cancel();
    }
  }

  /** Splits the requests' messages by level and finds each level's open segment. */
  async #prepare(live: readonly AppendRequest[]): Promise<LevelEntry[]> {
    this.#topic.assertLive();
    const byLevel = new Map<number, PackableMessage[]>();
    for (const request of live) {
      for (const message of request.messages) {
        const level = byLevel.get(message.priority);
        if (level === undefined) byLevel.set(message.priority, [message]);
        else level.push(message);
      }
    }
    const publishedAtMs = Math.round(this.#runtime.store.now());
    const entries: LevelEntry[] = [];
    for (const [level, messages] of byLevel) {
      const log = this.#topic.log(level);
      const segment = await this.#openSegment(log);
      const token = this.#runtime.random.token(TOKEN_CHARACTERS);
      entries.push({ log, segment, token, messages, data: this.#entries.encode(messages, publishedAtMs) });
    }
    return entries;
  }

  async #openSegment(log: Log): Promise<Segment> {
    for (;;) {
      const open = log.openSegment();
      if (open !== undefined) return open;
      await log.refresh();
      if (log.last < 0 && !(await log.create())) {
        await this.#topic.refresh();
        this.#topic.assertLive();
      }
    }
  }

  /** @returns whether the batch is done with; else it is to be prepared and committed again */
  async #commit(
    live: readonly AppendRequest[],
    entries: readonly LevelEntry[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const writes: Write[] = [this.#topic.guard()];
    for (const { log, segment, token, messages, data } of entries) {
      const path = log.path(segment.number);
      const bytes = messages.reduce((sum, message) => sum + message.body.length, 0);
      writes.push(
        { kind: 'check', path, version: OPEN_VERSION },
        {
          kind: 'create',
          path: `${path}/${entryPrefix(messages.length, bytes, token)}`,
          data,
          sequential: true,
        },
      );
    }
    for (const request of live) request.pending.markSent();
    const settled = await settledCommit(
      this.#runtime,
      writes,
      () => this.#isStored(entries[0] as LevelEntry),
      signal,
    );
    if (settled.outcome === 'applied') {
      this.#note(entries, settled.results);
      this.#answer(live, entries);
      this.#topic.notifyAppended();
      return true;
    }
    for (const request of live) request.pending.markQueued();
    if (settled.outcome === 'conflict') {
      if (settled.index === 0) await readThrough(this.#runtime, signal, () => this.#topic.refresh());
      else {
        const { log, segment } = entries[Math.floor((settled.index - 1) / 2)] as LevelEntry;
        log.forget(segment.number);
      }
    }
    return false;
  }

  /**
   * Looks for the entry's token after a lost answer. All of a batch is stored or nothing, so one entry tells for all.
   * Undefined when the segment itself has been trimmed in the meantime.
   */
  async #isStored({ log, segment, token }: LevelEntry): Promise<boolean | undefined> {
    const listing = await this.#runtime.store.list(log.path(segment.number));
    log.markStale();
    // Trimmed, but for its header: no entry is left to tell by.
    if (listing !== undefined && listing.stat.version > SEALED_VERSION) return undefined;
    return listing?.children.some((name) => parseEntryName(name).token === token);
  }

  #note(entries: readonly LevelEntry[], results: readonly WriteResult[] | undefined): void {
    entries.forEach(({ log, segment, token, data }, index) => {
      const created = results?.[2 + 2 * index];
      if (created?.kind !== 'create') {
        log.markStale();
        return;
      }
      log.noteAppended(segment.number, created.path.slice(created.path.lastIndexOf('/') + 1));
      this.#entries.remember(created.path, data, token);
    });
  }

  #answer(live: readonly AppendRequest[], entries: readonly LevelEntry[]): void {
    const byLevel = new Map(entries.map((entry) => [entry.log.level, { token: entry.token, next: 0 }]));
    for (const request of live) {
      const ids = request.messages.map((message) => {
        const level = byLevel.get(message.priority);
        if (level === undefined) throw new Error('a message of a level that was not committed');
        level.next += 1;
        return messageId(level.token, level.next - 1);
      });
      request.pending.settle(ids);
    }
  }

  /** Failing here costs nothing: the next append finds the segment as it is. */
  async #roll(): Promise<void> {
    try {
      for (const log of this.#topic.logs) await log.rollIfFull();
    } catch (error) {
      this.#runtime.logger.debug(
        { error, topic: this.#topic.name },
        'a segment could not be rolled; trying again later',
      );
    }
  }
}

/** An upper bound of what the messages take in an entry: their contents, and MessagePack's headers before each. */
function packedBytesOf(messages: readonly PackableMessage[]): number {
  let bytes = 0;
  for (const message of messages) {
    bytes += 20 + message.body.length + message.contentType.length + 3 * (message.group?.length ?? 0);
    for (const [name, value] of Object.entries(message.attributes))
      bytes += 7 + name.length + Buffer.byteLength(value);
    if (message.moved !== undefined) bytes += 512 + 3 * (message.moved.deadLetter?.detail?.length ?? 0);
  }
  return bytes;
}
