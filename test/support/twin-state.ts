/** The state of a store's twin, and who waits for it: as the port says, for the twins in real and in virtual time. */
import type { CallSignal } from '../../src/queue/model/call-signal.ts';
import type { StoreState } from '../../src/queue/zookeeper/store.ts';

export class TwinState {
  readonly #later: (step: () => void) => void;
  readonly #listeners = new Set<(state: StoreState) => void>();
  #current: StoreState;

  /** @param later lets something happen soon, never at once */
  constructor(initial: StoreState, later: (step: () => void) => void) {
    this.#current = initial;
    this.#later = later;
  }

  get current(): StoreState {
    return this.#current;
  }

  enter(state: StoreState): void {
    if (this.#current === state) return;
    this.#current = state;
    for (const listener of this.#listeners) this.#later(() => listener(state));
  }

  onState(listener: (state: StoreState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async whenConnected(signal: CallSignal): Promise<void> {
    if (signal.aborted) throw signal.reason;
    if (this.#current === 'connected') return;
    await new Promise<void>((resolve, reject) => {
      const abort = () => settle(() => reject(signal.reason));
      const forget = this.onState((state) => state === 'connected' && settle(resolve));
      const settle = (finish: () => void) => {
        forget();
        signal.removeEventListener('abort', abort);
        finish();
      };
      signal.addEventListener('abort', abort);
    });
  }
}
