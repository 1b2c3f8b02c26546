/**
 * Segments of a topic that could go, and stay for a moment: a stream's reader that is near still gets them, at whichever
 * gateway it is. Who trims can't know all readers, and a stream is to cost the ensemble no writes.
 */
import type { Timers } from '../runtime/runtime.ts';

const REST_MS = 1_000;

interface Resting {
  readonly level: number;
  readonly segment: number;
  readonly untilMs: number;
}

export class RestingSegments {
  readonly #timers: Timers;
  readonly #onRested: (level: number, segment: number) => void;
  /** In the order in which they came to rest. */
  readonly #resting = new Map<string, Resting>();
  #cancel: (() => void) | undefined;

  /** @param onRested told of each segment whose rest is over */
  constructor(timers: Timers, onRested: (level: number, segment: number) => void) {
    this.#timers = timers;
    this.#onRested = onRested;
  }

  /** Has a segment rest from now on, unless it does already. */
  rest(level: number, segment: number): void {
    const key = `${level}/${segment}`;
    if (this.#resting.has(key)) return;
    this.#resting.set(key, { level, segment, untilMs: this.#timers.monotonicMs() + REST_MS });
    this.#setTimer();
  }

  close(): void {
    this.#cancel?.();
    this.#resting.clear();
  }

  #setTimer(): void {
    const [first] = this.#resting.values();
    if (first === undefined || this.#cancel !== undefined) return;
    const delayMs = Math.max(1, first.untilMs - this.#timers.monotonicMs());
    this.#cancel = this.#timers.after(delayMs, () => this.#tell());
  }

  #tell(): void {
    this.#cancel = undefined;
    const nowMs = this.#timers.monotonicMs();
    for (const [key, { level, segment, untilMs }] of this.#resting) {
      if (untilMs > nowMs) break;
      this.#resting.delete(key);
      this.#onRested(level, segment);
    }
    this.#setTimer();
  }
}
