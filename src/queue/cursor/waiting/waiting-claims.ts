/** The claims that wait at one subscription, in the order of their arrival. Their states are drawn in `states.ts`. */
import type { CallSignal } from '../../model/call-signal.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { ClaimRequest, type ClaimSpec } from './requests.ts';
import { gathered, isDue } from './states.ts';

/** What happens elsewhere because claims wait here, or stop waiting. */
export interface WaitingListener {
  /** Brings in what should be here by now. It begins with a barrier. */
  bringIn(): Promise<void>;
  /** A claim is due for a round. */
  onDue(): void;
  /** The last one has been answered. */
  onEmpty(): void;
}

export class WaitingClaims implements Iterable<ClaimRequest> {
  readonly #runtime: Runtime;
  readonly #listener: WaitingListener;
  readonly #claims = new Set<ClaimRequest>();
  #isGathering = false;

  constructor(runtime: Runtime, listener: WaitingListener) {
    this.#runtime = runtime;
    this.#listener = listener;
  }

  get size(): number {
    return this.#claims.size;
  }

  [Symbol.iterator](): Iterator<ClaimRequest> {
    return this.#claims.values();
  }

  add(spec: ClaimSpec, signal: CallSignal): ClaimRequest {
    const onAnswered = (answered: ClaimRequest) => {
      this.#claims.delete(answered);
      if (this.#claims.size === 0) this.#listener.onEmpty();
    };
    const claim = new ClaimRequest(this.#runtime, spec, signal, () => this.#listener.onDue(), onAnswered);
    if (claim.pending.open) this.#claims.add(claim);
    return claim;
  }

  hasDue(): boolean {
    for (const claim of this.#claims) if (isDue(claim.state)) return true;
    return false;
  }

  /**
   * Brings in what should be here by now, for all claims that have found nothing. Those that come meanwhile are next.
   * Returns at once: it goes on beside the rounds. If a round waited for it, two queues that are each other's dead-letter
   * queue would wait for each other.
   */
  gather(): void {
    const claims = [...this.#claims].filter(({ state }) => state.step === 'gathering');
    if (claims.length === 0 || this.#isGathering) return;
    this.#isGathering = true;
    const broughtIn = () => {
      for (const claim of claims) claim.state = gathered(claim.state);
    };
    const failed = (error: Error) => {
      for (const { pending } of claims) pending.fail(error);
    };
    void this.#listener
      .bringIn()
      .then(broughtIn, failed)
      .finally(() => {
        this.#isGathering = false;
        this.gather();
        this.#listener.onDue();
      });
  }

  /** Answers those that would go on waiting. One whose time is up gets its answer from a round. */
  sendAway(): void {
    for (const { state, pending } of [...this.#claims]) if (!state.isTimeUp) pending.settle(undefined);
  }

  fail(error: Error): void {
    for (const { pending } of [...this.#claims]) pending.fail(error);
  }
}
