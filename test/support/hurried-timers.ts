/** The system's timers, whose long ones a test may have fire soon: the limit of a request is reached without waiting. */
import type { Timers } from '../../src/queue/runtime/runtime.ts';
import { systemTimers } from '../../src/queue/runtime/system-runtime.ts';

const LONG_MS = 1_000;
const SOON_MS = 15;

export class HurriedTimers implements Timers {
  readonly #long = new Set<() => void>();
  #hurried = false;

  monotonicMs(): number {
    return systemTimers.monotonicMs();
  }

  after(delayMs: number, callback: () => void): () => void {
    if (delayMs < LONG_MS) return systemTimers.after(delayMs, callback);
    let cancel = () => {};
    const set = (ms: number) => {
      cancel();
      cancel = systemTimers.after(ms, () => {
        this.#long.delete(hurry);
        callback();
      });
    };
    const hurry = () => set(SOON_MS);
    set(this.#hurried ? SOON_MS : delayMs);
    this.#long.add(hurry);
    return () => {
      this.#long.delete(hurry);
      cancel();
    };
  }

  /** From now on, and for what runs already, long is soon. */
  hurry(): void {
    this.#hurried = true;
    for (const each of this.#long) each();
  }

  rest(): void {
    this.#hurried = false;
  }
}
