/**
 * How long a topic keeps for replay what everybody has acked: until it is old, or too much. A segment is as old as its
 * last entry, and those behind it are younger: so one look tells for a whole log that nothing of it may go yet.
 */

import { bytesOf } from '../model/segment.ts';
import type { TopicConfig } from '../model/vocabulary.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { appendedAtMs } from './append-times.ts';
import type { Segment } from './known-segments.ts';
import type { Log } from './log.ts';
import { findOpenSegment } from './open-segment.ts';
import type { Topic } from './topic.ts';

const TIMER_MS_MAX = 3_600_000;

export class Retention {
  readonly #runtime: Runtime;
  readonly #topic: Topic;
  readonly #onEnd: (level: number) => void;
  /** By level: a time before which nothing that is in this segment, or behind it, was the last to enter its segment. */
  readonly #appended = new Map<number, { readonly segment: number; readonly atMs: number }>();
  /** By level: the next look. */
  readonly #timers = new Map<number, { readonly atMs: number; readonly cancel: () => void }>();

  /** @param onEnd told when something of a level may go, or it is worth another look */
  constructor(runtime: Runtime, topic: Topic, onEnd: (level: number) => void) {
    this.#runtime = runtime;
    this.#topic = topic;
    this.#onEnd = onEnd;
  }

  close(): void {
    for (const { cancel } of this.#timers.values()) cancel();
  }

  /** Whether the segment, and so all behind it, is to be kept still. One read at most. Rejects with a StoreError. */
  async isKept(log: Log, segment: Segment): Promise<boolean> {
    const { retentionSeconds, retentionBytes } = this.#topic.config as TopicConfig;
    if (retentionSeconds === undefined && retentionBytes === undefined) return false;
    const open = await findOpenSegment(log);
    if (segment.slots.length === 0 || open === undefined) return false;
    if (retentionBytes !== undefined) {
      const behind =
        open.header.bytesBefore + bytesOf(open.slots) - segment.header.bytesBefore - bytesOf(segment.slots);
      if (behind >= retentionBytes) return false;
    }
    if (retentionSeconds === undefined) return true;
    const leftMs = await this.#leftMs(log, segment, retentionSeconds * 1000);
    if (leftMs > 0) this.#lookAfter(log.level, leftMs);
    return leftMs > 0;
  }

  /** For how long it is kept at least. */
  async #leftMs(log: Log, { number, slots }: Segment, retentionMs: number): Promise<number> {
    const { store } = this.#runtime;
    const known = this.#appended.get(log.level);
    if (known !== undefined && known.segment <= number) {
      const leftMs = known.atMs + retentionMs - store.now();
      if (leftMs > 0) return leftMs;
    }
    const last = slots.at(-1);
    const atMs = last && (await appendedAtMs(store, log, number, last));
    if (atMs === undefined) return 0;
    this.#appended.set(log.level, { segment: number, atMs });
    return atMs + retentionMs - store.now();
  }

  /** One timer for each level: the earliest, after which all of the level is looked at. */
  #lookAfter(level: number, waitMs: number): void {
    const { timers } = this.#runtime;
    const delayMs = Math.max(1, Math.min(waitMs, TIMER_MS_MAX));
    const atMs = timers.monotonicMs() + delayMs;
    const standing = this.#timers.get(level);
    if (standing !== undefined && standing.atMs <= atMs) return;
    standing?.cancel();
    const cancel = timers.after(delayMs, () => {
      this.#timers.delete(level);
      this.#onEnd(level);
    });
    this.#timers.set(level, { atMs, cancel });
  }
}
