/**
 * Entries by path, bounded by bytes. An entry never changes and its path is never used again, so what is here is true
 * for ever; what was read by one consumer, or written by this gateway, costs the next reader nothing.
 */
import { LRUCache } from 'lru-cache';
import { createEntryCodec, type Entry, type PackableMessage } from '../model/entry.ts';
import type { Store } from '../zookeeper/store.ts';

/** What an entry costs beyond its bytes: objects for each message, the key. */
const OVERHEAD_BYTES = 512;

/** Entries whose groups are known, at some hundred bytes each. */
const GROUPS_KEPT = 200_000;

/** An entry with what it was packed from. */
export interface WrittenEntry {
  readonly token: string;
  readonly messages: readonly PackableMessage[];
  readonly publishedAtMs: number;
  readonly data: Buffer;
}

export class EntryCache {
  readonly #store: Store;
  readonly #codec = createEntryCodec();
  readonly #entries: LRUCache<string, Entry>;
  /** Groups of entries, kept when their bodies are not: a blocked group's backlog is passed over without reading it. */
  readonly #groups = new LRUCache<string, string | readonly string[]>({
    // Each counts as one. With `max` instead, room for all of them would be made at once.
    maxSize: GROUPS_KEPT,
    sizeCalculation: () => 1,
  });
  /** Reads under way, so that many consumers of one entry cause one read. */
  readonly #loading = new Map<string, Promise<Entry | undefined>>();

  /** Entries that had to be read from the ensemble so far. */
  loads = 0;

  constructor(store: Store, bytesMax: number) {
    this.#store = store;
    this.#entries = new LRUCache({ maxSize: bytesMax });
  }

  /** What it holds at the moment. */
  get size(): { readonly entries: number; readonly bytes: number; readonly bytesMax: number } {
    const { size, calculatedSize, maxSize } = this.#entries;
    return { entries: size, bytes: calculatedSize, bytesMax: maxSize };
  }

  encode(messages: readonly PackableMessage[], publishedAtMs: number): Buffer {
    return this.#codec.encode(messages, publishedAtMs);
  }

  /** What reading it would bring. */
  entryOf({ messages, token, publishedAtMs }: WrittenEntry): Entry {
    return this.#codec.entryOf(messages, token, publishedAtMs);
  }

  /** Keeps what was just written. */
  remember(path: string, written: WrittenEntry, entry = this.entryOf(written)): void {
    this.#keep(path, written.data, entry);
  }

  /** The entry if it is here. */
  peek(path: string): Entry | undefined {
    return this.#entries.get(path);
  }

  /** Nobody will ask for it any more. */
  forget(path: string): void {
    this.#entries.delete(path);
    this.#groups.delete(path);
  }

  /** The group of each of its messages ('' for none), or one text when all are alike; undefined when not known. */
  groups(path: string): string | readonly string[] | undefined {
    return this.#groups.get(path);
  }

  /** The entry, or undefined when it has been trimmed. Rejects with a StoreError. */
  async read(path: string, token: string): Promise<Entry | undefined> {
    const known = this.#entries.get(path);
    if (known !== undefined) return known;
    let loading = this.#loading.get(path);
    if (loading === undefined) {
      loading = this.#load(path, token).finally(() => this.#loading.delete(path));
      this.#loading.set(path, loading);
    }
    return loading;
  }

  async #load(path: string, token: string): Promise<Entry | undefined> {
    this.loads += 1;
    const node = await this.#store.read(path);
    if (node === undefined) return undefined;
    const entry = this.#codec.decode(node.data, token);
    this.#keep(path, node.data, entry);
    return entry;
  }

  #keep(path: string, data: Buffer, entry: Entry): void {
    const groups = entry.messages.map((message) => message.group ?? '');
    const first = groups[0] ?? '';
    this.#groups.set(path, groups.every((group) => group === first) ? first : groups);
    this.#entries.set(path, entry, { size: data.length + OVERHEAD_BYTES * (1 + entry.messages.length) });
  }
}
