/** The longest that a request waits for the ensemble, as a signal. */
import type { CallSignal } from '../model/call-signal.ts';
import type { Runtime, Timers } from './runtime.ts';

/**
 * Does something within the time that one request may wait for the ensemble.
 *
 * @param act gets the signal that aborts when this time is over
 */
export async function withDeadline<Result>(
  { timers, requestTimeoutMs }: Pick<Runtime, 'timers' | 'requestTimeoutMs'>,
  act: (signal: CallSignal) => Promise<Result>,
): Promise<Result> {
  const deadline = new Deadline(timers, requestTimeoutMs);
  try {
    return await act(deadline);
  } finally {
    deadline.cancel();
  }
}

/** Aborts when its time is over. Whoever makes one cancels it: `withDeadline` does both. */
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
