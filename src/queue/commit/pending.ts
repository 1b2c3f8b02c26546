/**
 * One request that waits for the ensemble: settled exactly once, by its result, by its deadline or by its client's
 * going away. What a deadline means depends on how far the request has come:
 *
 *     queued   never sent: it is taken out, nothing was changed ('unavailable')
 *     sent     part of a write under way: whether that took effect is unknown ('outcome-unknown')
 */
import type { CallSignal } from '../model/call-signal.ts';
import { BrokerError } from '../model/errors.ts';
import type { Timers } from '../runtime/runtime.ts';

export class Pending<Result> {
  readonly promise: Promise<Result>;
  #phase: 'queued' | 'sent' = 'queued';
  readonly #signal: CallSignal | undefined;
  #resolve!: (result: Result) => void;
  #reject!: (error: Error) => void;
  #open = true;
  readonly #cancelTimer: () => void;
  readonly #onSettled: (() => void) | undefined;
  readonly #onAbort: () => void;

  /**
   * @param waitMs longest time until settled
   * @param signal the client's; its abort settles only what is queued
   * @param onSettled called once, in whatever way it is settled
   */
  constructor(timers: Timers, waitMs: number, signal?: CallSignal, onSettled?: () => void) {
    this.#signal = signal;
    this.#onSettled = onSettled;
    this.promise = new Promise<Result>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#cancelTimer = timers.after(waitMs, () => this.fail(this.#overdue()));
    this.#onAbort = () => {
      if (this.#phase === 'queued') this.fail(new BrokerError('unavailable', 'The client went away.'));
    };
    signal?.addEventListener('abort', this.#onAbort);
    if (signal?.aborted) this.#onAbort();
  }

  /** It is part of a write that is about to be sent. */
  markSent(): void {
    this.#phase = 'sent';
  }

  /** The write it was part of has certainly not been applied. */
  markQueued(): void {
    this.#phase = 'queued';
    if (this.#signal?.aborted) this.#onAbort();
  }

  get sent(): boolean {
    return this.#phase === 'sent';
  }

  /** Not settled yet: somebody is still waiting. */
  get open(): boolean {
    return this.#open;
  }

  settle(result: Result): void {
    if (this.#close()) this.#resolve(result);
  }

  fail(error: Error): void {
    if (this.#close()) this.#reject(error);
  }

  #close(): boolean {
    const wasOpen = this.#open;
    this.#open = false;
    this.#cancelTimer();
    this.#signal?.removeEventListener('abort', this.#onAbort);
    if (wasOpen) this.#onSettled?.();
    return wasOpen;
  }

  #overdue(): BrokerError {
    return this.#phase === 'queued'
      ? new BrokerError('unavailable', 'ZooKeeper did not answer in time; nothing was changed. Try again.')
      : new BrokerError(
          'outcome-unknown',
          'ZooKeeper did not confirm the write in time; it may have taken effect.',
        );
  }
}
