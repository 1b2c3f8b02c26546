/**
 * Messages on their way into the log: one entry for each priority level among them, with the check that its segment
 * still takes appends. The token in an entry's name is how a commit whose answer was lost is recognised.
 */
import type { CommitPart } from '../commit/parts.ts';
import { type Entry, type EntryMessage, messageId, type PackableMessage } from '../model/entry.ts';
import { entryPrefix, OPEN_VERSION, parseEntryName, SEALED_VERSION } from '../model/segment.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Write, WriteResult } from '../zookeeper/store.ts';
import type { EntryCache, WrittenEntry } from './entry-cache.ts';
import type { Segment } from './known-segments.ts';
import type { Log } from './log.ts';
import type { Topic } from './topic.ts';

interface LevelEntry extends WrittenEntry {
  readonly log: Log;
  readonly segment: Segment;
  /** Made when somebody needs it before the commit. */
  entry?: Entry;
}

/** An entry where it will be if nobody else appends to its segment meanwhile. */
export interface ExpectedEntry {
  readonly level: number;
  readonly segment: number;
  readonly start: number;
  readonly messages: readonly EntryMessage[];
  /** Whether it lies there. Known once the commit is applied, if its answer has come. */
  hasLanded(): boolean;
}

const TOKEN_CHARACTERS = 12;

export class LevelEntries implements CommitPart {
  readonly writes: readonly Write[];
  /** The messages' ids, in the order in which they were given. */
  readonly ids: readonly string[];
  readonly #runtime: Runtime;
  readonly #topic: Topic;
  readonly #cache: EntryCache;
  readonly #entries: readonly LevelEntry[];

  private constructor(
    runtime: Runtime,
    topic: Topic,
    cache: EntryCache,
    entries: readonly LevelEntry[],
    writes: readonly Write[],
    ids: readonly string[],
  ) {
    this.#runtime = runtime;
    this.#topic = topic;
    this.#cache = cache;
    this.#entries = entries;
    this.writes = writes;
    this.ids = ids;
  }

  /** Finds each level's open segment and packs the messages. Rejects with a StoreError; throws 'not-found'. */
  static async prepare(
    runtime: Runtime,
    topic: Topic,
    cache: EntryCache,
    messages: readonly PackableMessage[],
  ): Promise<LevelEntries> {
    const ids: string[] = new Array(messages.length);
    const publishedAtMs = Math.round(runtime.store.now());
    const entries: LevelEntry[] = [];
    const writes: Write[] = [];
    for (const [level, places] of placesByLevel(messages, topic.storage.priorities)) {
      const inLevel = places.map((place) => messages[place] as PackableMessage);
      const log = topic.log(level);
      const segment = await openSegment(topic, log);
      const token = runtime.random.token(TOKEN_CHARACTERS);
      places.forEach((place, index) => {
        ids[place] = messages[place]?.moved?.id ?? messageId(token, index);
      });
      const data = cache.encode(inLevel, publishedAtMs);
      const path = log.path(segment.number);
      const bytes = inLevel.reduce((sum, message) => sum + message.body.length, 0);
      entries.push({ log, segment, token, messages: inLevel, publishedAtMs, data });
      writes.push(
        { kind: 'check', path, version: OPEN_VERSION },
        {
          kind: 'create',
          path: `${path}/${entryPrefix(inLevel.length, bytes, token)}`,
          data,
          sequential: true,
        },
      );
    }
    return new LevelEntries(runtime, topic, cache, entries, writes, ids);
  }

  /** The entry, when it is the only one. */
  expected(): ExpectedEntry | undefined {
    const [entry, ...others] = this.#entries;
    if (entry === undefined || others.length > 0) return undefined;
    const { log, segment, token } = entry;
    const start = log.known(segment.number)?.end;
    if (start === undefined) return undefined;
    entry.entry ??= this.#cache.entryOf(entry);
    return {
      level: log.level,
      segment: segment.number,
      start,
      messages: entry.entry.messages,
      hasLanded: () => log.slotAt(segment.number, start)?.token === token,
    };
  }

  sending(): void {
    this.#topic.notify('appending');
  }

  abandoned(): void {
    this.#topic.notify('not-appended');
  }

  applied(results: readonly WriteResult[] | undefined): void {
    this.#entries.forEach((entry, index) => {
      const { log, segment } = entry;
      const created = results?.[1 + 2 * index];
      if (created?.kind !== 'create') {
        log.markStale();
        return;
      }
      log.noteAppended(segment.number, created.path.slice(created.path.lastIndexOf('/') + 1));
      this.#cache.remember(created.path, entry, entry.entry);
    });
    this.#topic.notify('appended');
  }

  conflicted(index: number): void {
    const entry = this.#entries[Math.floor(index / 2)];
    entry?.log.forget(entry.segment.number);
  }

  /** All is stored or nothing, so one entry tells. Undefined when the segment has been trimmed in the meantime. */
  async didApply(): Promise<boolean | undefined> {
    const [first] = this.#entries;
    if (first === undefined) return undefined;
    const listing = await this.#runtime.store.list(first.log.path(first.segment.number));
    first.log.markStale();
    // Trimmed, but for its header: no entry is left to tell by.
    if (listing !== undefined && listing.stat.version > SEALED_VERSION) return undefined;
    return listing?.children.some((name) => parseEntryName(name).token === first.token);
  }
}

/** Which of the messages go into which level, in order. */
function placesByLevel(messages: readonly PackableMessage[], levels: number): Map<number, number[]> {
  const places = new Map<number, number[]>();
  messages.forEach(({ priority }, place) => {
    // A message from another queue may have a higher priority than this one has levels.
    const level = Math.min(priority, levels - 1);
    const inLevel = places.get(level);
    if (inLevel === undefined) places.set(level, [place]);
    else inLevel.push(place);
  });
  return places;
}

async function openSegment(topic: Topic, log: Log): Promise<Segment> {
  for (;;) {
    const known = log.openSegment();
    if (known !== undefined) return known;
    await log.refresh();
    if (log.openSegment() !== undefined || (log.last < 0 && (await log.create()))) continue;
    // Moved on meanwhile, or removed with all of the incarnation: then no look at the log would ever find it.
    await topic.refresh();
    topic.assertLive();
  }
}
