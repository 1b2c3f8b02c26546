/**
 * What it takes to publish into one incarnation: a commit's parts for messages that go into the log now, for those
 * that wait for their time, and for the dedupIds among them. Used by group commit and by transactions alike.
 */

import { type CommitPart, tooLarge } from '../commit/parts.ts';
import type { Amount } from '../limits/queue-full.ts';
import { type PackableMessage, packedBytes } from '../model/entry.ts';
import type { PublishedMessage } from '../model/vocabulary.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { EntryCache } from './entry-cache.ts';
import { LevelEntries } from './level-entries.ts';
import type { RecentIds, RecentIdsFound } from './recent-ids.ts';
import type { Roller } from './roller.ts';
import type { Schedule } from './schedule.ts';
import type { Topic } from './topic.ts';
import { guardOf } from './topic-guard.ts';

/** A message on its way in. */
export interface OutgoingMessage {
  readonly message: PackableMessage;
  /** When it enters the log; absent or past means now. By the ensemble's clock. */
  readonly dueMs?: number;
  /** Hash of its dedupId. */
  readonly dedup?: string;
}

/** What publishing into an incarnation needs. */
export interface AppendTarget {
  readonly runtime: Runtime;
  readonly topic: Topic;
  readonly cache: EntryCache;
  readonly schedule: Schedule;
  readonly dedup: RecentIds;
  readonly roller: Roller;
  /**
   * The part that leases the messages to somebody who waits for them; undefined when nobody does, or it would not do.
   *
   * @param roomBytes what is left of the commit for it
   */
  handOff(entries: LevelEntries, roomBytes: number): CommitPart | undefined;
}

export interface AppendPlan {
  /** What goes into the log now. */
  readonly entries: LevelEntries | undefined;
  readonly parts: readonly CommitPart[];
  /** The answers, in the order of the messages, once the parts are committed. */
  readonly answers: readonly PublishedMessage[];
}

/** Below the server's limit for a whole packet, with room for the paths, also of a later move. */
export const BATCH_BYTES_MAX = 990_000;

/** Rejects with a StoreError; throws BrokerError 'not-found'. */
export async function planAppend(
  target: AppendTarget,
  outgoing: readonly OutgoingMessage[],
): Promise<AppendPlan> {
  const { runtime, topic, cache, schedule, dedup } = target;
  topic.assertLive();
  const windowMs = topic.storage.dedupWindowSeconds * 1000;
  const hashes = hashesOf(outgoing);
  const found = hashes.size === 0 ? NOTHING_FOUND : await dedup.find(hashes, windowMs);
  const { originals, fresh } = sortOut(outgoing, found);
  const nowMs = runtime.store.now();
  const isLater = (item: OutgoingMessage): boolean => item.dueMs !== undefined && item.dueMs > nowMs;
  const later = fresh.filter(isLater);
  const immediate = later.length === 0 ? fresh : fresh.filter((item) => !isLater(item));
  const ids = new Map<OutgoingMessage, string>();
  const parts: CommitPart[] = [guardOf(topic)];
  let entries: LevelEntries | undefined;
  if (immediate.length > 0) {
    entries = await LevelEntries.prepare(
      runtime,
      topic,
      cache,
      immediate.map((item) => item.message),
    );
    const { ids: entryIds } = entries;
    immediate.forEach((item, index) => void ids.set(item, entryIds[index] as string));
    parts.push(entries);
  }
  if (later.length > 0) {
    const prepared = await schedule.prepare(
      later.map((item) => ({ dueMs: item.dueMs ?? nowMs, message: item.message })),
    );
    later.forEach((item, index) => void ids.set(item, prepared.ids[index] as string));
    parts.push(prepared.part);
  }
  const taken = new Map<string, string>();
  for (const item of fresh) if (item.dedup !== undefined) taken.set(item.dedup, ids.get(item) as string);
  if (taken.size > 0) parts.push(dedup.take(taken, windowMs, found));
  const answers = outgoing.map((item): PublishedMessage => {
    const id = ids.get(item);
    if (id !== undefined) return { id };
    const original = originals.get(item);
    return {
      id: typeof original === 'string' ? original : (ids.get(original as OutgoingMessage) as string),
      duplicate: true,
    };
  });
  return { entries, parts: fresh.length === 0 ? [] : parts, answers };
}

/** How much of it would be stored, without duplicates. Rejects with a StoreError. */
export async function amountOf(target: AppendTarget, outgoing: readonly OutgoingMessage[]): Promise<Amount> {
  const hashes = hashesOf(outgoing);
  const windowMs = target.topic.storage.dedupWindowSeconds * 1000;
  const found = hashes.size === 0 ? NOTHING_FOUND : await target.dedup.find(hashes, windowMs);
  const { fresh } = sortOut(outgoing, found);
  return { messages: fresh.length, bytes: fresh.reduce((sum, { message }) => sum + message.body.length, 0) };
}

function hashesOf(outgoing: readonly OutgoingMessage[]): Set<string> {
  const hashes = new Set<string>();
  for (const { dedup } of outgoing) if (dedup !== undefined) hashes.add(dedup);
  return hashes;
}

const NOTHING_FOUND: RecentIdsFound = { values: new Map(), nodes: new Map() };

/** Tells duplicates from new messages: of ids that were used within the window, or earlier in the same batch. */
function sortOut(outgoing: readonly OutgoingMessage[], found: RecentIdsFound) {
  const originals = new Map<OutgoingMessage, string | OutgoingMessage>();
  if (!outgoing.some(({ dedup }) => dedup !== undefined)) return { originals, fresh: outgoing };
  const fresh: OutgoingMessage[] = [];
  const first = new Map<string, OutgoingMessage>();
  for (const item of outgoing) {
    const known = item.dedup === undefined ? undefined : (found.values.get(item.dedup) as string | undefined);
    const earlier = item.dedup === undefined ? undefined : first.get(item.dedup);
    if (known !== undefined) originals.set(item, known);
    else if (earlier !== undefined) originals.set(item, earlier);
    else {
      fresh.push(item);
      if (item.dedup !== undefined) first.set(item.dedup, item);
    }
  }
  return { originals, fresh };
}

/**
 * Throws 'payload-too-large' when the messages would not fit into one write.
 *
 * @returns what they take of it, about: their contents, and the headers and paths that go with them
 */
export function assertFits(outgoing: readonly OutgoingMessage[]): number {
  const bytes = outgoing.reduce((sum, item) => sum + bytesOf(item), 0);
  if (bytes > BATCH_BYTES_MAX) throw tooLarge();
  return bytes;
}

function bytesOf({ message, dueMs, dedup }: OutgoingMessage): number {
  return packedBytes(message) + (dueMs === undefined ? 0 : 400) + (dedup === undefined ? 0 : 900);
}
