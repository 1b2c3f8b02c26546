/**
 * Before a claim may be told that there is nothing, whatever should be here by now is brought in from elsewhere: what
 * is due in the schedule, what has died in a dead-letter queue's sources. This goes on beside the subscription's
 * rounds, never within one: two queues that are each other's dead-letter queue would else wait for each other.
 */
import type { ClaimItem } from './requests.ts';

export class LastLooks {
  readonly #bringIn: () => Promise<void>;
  readonly #onPrepared: () => void;
  #preparing = false;

  /** @param bringIn begins with a barrier. @param onPrepared called when claims may have their last look */
  constructor(bringIn: () => Promise<void>, onPrepared: () => void) {
    this.#bringIn = bringIn;
    this.#onPrepared = onPrepared;
  }

  /** Prepares those of the claims that need it, all at once; those that come meanwhile after that. Returns at once. */
  prepare(claims: ReadonlySet<ClaimItem>): void {
    const unsure = [...claims].filter((item) => item.unsure && !item.prepared);
    if (unsure.length === 0 || this.#preparing) return;
    this.#preparing = true;
    const prepared = () => {
      for (const item of unsure) item.prepared = true;
    };
    const failed = (error: Error) => {
      for (const item of unsure) item.pending.fail(error);
    };
    void this.#bringIn()
      .then(prepared, failed)
      .finally(() => {
        this.#preparing = false;
        this.prepare(claims);
        this.#onPrepared();
      });
  }
}
