/**
 * What waits at a subscription for its next write: settlements of receipts, and claims. One request of the API may
 * consist of several of them; they are evaluated in one go, settlements before claims.
 */

import type { CallSignal } from '../broker-types.ts';
import { partlyDone } from '../errors.ts';
import type { Settlement } from '../model/cursor-draft.ts';
import type { EntryMessage } from '../model/entry.ts';
import type { Position } from '../model/position.ts';
import type { Receipt } from '../model/receipt.ts';
import { Pending } from '../pending.ts';
import type { Runtime } from '../runtime.ts';

export type SettleOutcome = 'ok' | 'lost';

export interface SettleItem {
  readonly receipt: Receipt;
  /** Made when evaluated: durations count from then, by the ensemble's clock. */
  readonly settlement: (nowMs: number) => Settlement;
  readonly pending: Pending<SettleOutcome>;
  /** The view said that nothing needs to change: to be confirmed behind a barrier. */
  unsure: boolean;
}

/** The outcomes of one request's settlements, which may have gone into several writes. Throws BrokerError. */
export async function outcomesOf(items: readonly SettleItem[]): Promise<SettleOutcome[]> {
  const settled = await Promise.allSettled(items.map((item) => item.pending.promise));
  const failures = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
  const outcomes = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const [failure] = failures;
  if (failure === undefined) return outcomes;
  const isPartlyDone = outcomes.includes('ok') || failures.some(({ code }) => code === 'outcome-unknown');
  throw isPartlyDone ? partlyDone(failure) : failure;
}

export interface ClaimSpec {
  readonly max: number;
  /** Undefined means the default in force when the claim is made. */
  readonly leaseMs: number | undefined;
  readonly waitMs: number;
  readonly autoAck: boolean;
  /** Hash of the attemptId, when the claim is to be repeatable. */
  readonly attempt: string | undefined;
}

export interface LeasedMessage extends Position {
  readonly message: EntryMessage;
  readonly deliveries: number;
}

export interface Lease {
  readonly generation: number;
  readonly lease: number;
  readonly untilMs: number;
  /** Decimal; see `fencing.ts`. */
  readonly fencingToken: string;
  readonly messages: readonly LeasedMessage[];
}

export class ClaimItem {
  readonly spec: ClaimSpec;
  readonly pending: Pending<Lease | undefined>;
  /** Has waited long enough: the next look that is certain is its last. */
  isFinal: boolean;
  /** Nothing was found for it, or its attempt was found: to be confirmed behind a barrier. */
  unsure = false;
  /** Whatever had to happen elsewhere before it may be told that there is nothing has happened. */
  prepared = false;
  readonly #cancelWait: () => void;

  /** @param onFinal called when it has waited long enough. @param onSettled called once, however it ends */
  constructor(
    runtime: Runtime,
    spec: ClaimSpec,
    signal: CallSignal,
    onFinal: () => void,
    onSettled: (item: ClaimItem) => void,
  ) {
    this.spec = spec;
    this.isFinal = spec.waitMs <= 0;
    this.#cancelWait = this.isFinal
      ? () => {}
      : runtime.timers.after(spec.waitMs, () => {
          this.isFinal = true;
          onFinal();
        });
    const limitMs = Math.max(0, spec.waitMs) + runtime.requestTimeoutMs;
    this.pending = new Pending(runtime.timers, limitMs, signal, () => {
      this.#cancelWait();
      onSettled(this);
    });
  }
}
