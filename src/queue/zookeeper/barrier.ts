/**
 * Shares barriers among concurrent callers. A barrier only helps a caller when it is sent after the call, so
 *
 *   idle                 the call sends one
 *   one is in flight     the call waits for the next one, which is sent when that one has ended, for all who wait
 *
 * A barrier changes nothing that matters, so it fails only as 'unavailable': it did not pass.
 */

import { type CallOptions, StoreError } from './store.ts';

export class Barrier {
  readonly #send: () => Promise<unknown>;
  #inFlight: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(send: () => Promise<unknown>) {
    this.#send = send;
  }

  /** Resolves after a barrier that was sent after this call. */
  async pass({ signal }: CallOptions = {}): Promise<void> {
    if (signal?.aborted) throw notPassed(signal.reason);
    const shared = this.#join();
    if (!signal) return shared;
    await new Promise<void>((resolve, reject) => {
      const abort = () => reject(notPassed(signal.reason));
      signal.addEventListener('abort', abort);
      shared.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    });
  }

  #join(): Promise<void> {
    if (this.#next !== undefined) return this.#next;
    if (this.#inFlight === undefined) return this.#start();
    const start = () => this.#start();
    this.#next = this.#inFlight.then(start, start);
    return this.#next;
  }

  #start(): Promise<void> {
    this.#next = undefined;
    const passed = this.#send().then(
      () => {
        this.#end(passed);
      },
      (error: unknown) => {
        this.#end(passed);
        throw notPassed(error);
      },
    );
    this.#inFlight = passed;
    return passed;
  }

  #end(barrier: Promise<void>): void {
    if (this.#inFlight === barrier) this.#inFlight = undefined;
  }
}

function notPassed(cause: unknown): StoreError {
  return new StoreError('unavailable', 'the barrier did not pass', { cause });
}
