/**
 * How long this gateway has been without the ensemble. For a while requests wait, since a server is soon replaced by
 * another one, and a leader soon elected. After that a gateway is likely to be cut off alone: refused at once, its
 * clients and the load balancer turn to another one.
 */
import type { Timers } from '../runtime/runtime.ts';
import type { Store } from '../zookeeper/store.ts';

export class Outage {
  readonly #timers: Timers;
  #sinceMs: number | undefined;

  constructor(store: Store, timers: Timers) {
    this.#timers = timers;
    this.#note(store.state === 'connected');
    store.onState((state) => this.#note(state === 'connected'));
  }

  /** Whether there is one that has lasted so long. */
  isLongerThan(ms: number): boolean {
    return this.#sinceMs !== undefined && this.#timers.monotonicMs() - this.#sinceMs > ms;
  }

  #note(isConnected: boolean): void {
    if (isConnected) this.#sinceMs = undefined;
    else this.#sinceMs ??= this.#timers.monotonicMs();
  }
}
