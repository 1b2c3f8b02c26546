/** The longest that a request waits for the ensemble, as a signal. */
import type { CallSignal } from '../model/call-signal.ts';
import type { Timers } from './runtime.ts';

/** Aborts when its time is over. */
export class Deadline implements CallSignal {
  #aborted = false;
  readonly #listeners = new Set<() => void>();
  /** Frees the timer. */
  readonly cancel: () => void;

  constructor(timers: Timers, ms: number) {
    this.cancel = timers.after(ms, () => this.#abort());
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#aborted ? new Error('the time that the call was given is over') : undefined;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }

  #abort(): void {
    this.#aborted = true;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }
}
