/**
 * The requests that wait at a subscription for its next round: to settle receipts, or to claim messages. One call of the
 * API may make several of them. A round evaluates them in one go, settle requests first.
 */
import { Pending } from '../../commit/pending.ts';
import type { CallSignal } from '../../model/call-signal.ts';
import type { Settlement } from '../../model/cursor-draft.ts';
import type { EntryMessage } from '../../model/entry.ts';
import { partlyDone } from '../../model/errors.ts';
import type { Position } from '../../model/position.ts';
import type { Receipt } from '../../model/receipt.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { type ClaimState, foundNothing, newClaim, type SettleStep, timeIsUp } from './states.ts';

export type SettleOutcome = 'ok' | 'lost';

/** What is to become of the receipts of one request. They may go into several writes. */
export class SettleRequest {
  readonly receipts: readonly Receipt[];
  /** Made when evaluated: durations count from then, by the ensemble's clock. */
  readonly settlement: (nowMs: number) => Settlement;
  readonly pending: Pending<SettleOutcome[]>;
  /** By receipt; undefined while it is not known. */
  readonly outcomes: (SettleOutcome | undefined)[];
  step: SettleStep = 'looking';
  #left: number;

  /** @param onSettled called once, however it ends */
  constructor(
    runtime: Runtime,
    receipts: readonly Receipt[],
    settlement: (nowMs: number) => Settlement,
    signal: CallSignal | undefined,
    onSettled: (request: SettleRequest) => void,
  ) {
    const { timers, requestTimeoutMs } = runtime;
    this.receipts = receipts;
    this.settlement = settlement;
    this.outcomes = new Array(receipts.length).fill(undefined);
    this.#left = receipts.length;
    this.pending = new Pending(timers, requestTimeoutMs, signal, () => onSettled(this));
  }

  /** One outcome for each receipt, in order. Throws BrokerError. */
  async result(): Promise<SettleOutcome[]> {
    try {
      return await this.pending.promise;
    } catch (error) {
      throw this.outcomes.includes('ok') ? partlyDone(error) : error;
    }
  }

  /** The outcome of `length` receipts from an index on is known. With the last of them the request is settled. */
  note(index: number, length: number, outcome: SettleOutcome): void {
    this.outcomes.fill(outcome, index, index + length);
    this.#left -= length;
    if (this.#left === 0) this.pending.settle(this.outcomes as SettleOutcome[]);
  }

  /**
   * From an index on, how many receipts without an outcome are of messages that follow each other in one segment, under
   * one lease.
   */
  alike(index: number): number {
    const first = this.receipts[index] as Receipt;
    let length = 1;
    for (; index + length < this.receipts.length; length += 1) {
      const next = this.receipts[index + length] as Receipt;
      const isAlike =
        next.offset === first.offset + length &&
        next.lease === first.lease &&
        next.segment === first.segment &&
        next.level === first.level &&
        next.generation === first.generation;
      if (!isAlike || this.outcomes[index + length] !== undefined) break;
    }
    return length;
  }
}

export interface ClaimSpec {
  readonly max: number;
  /** Undefined means the default in force when the claim is made. */
  readonly leaseMs: number | undefined;
  readonly waitMs: number;
  readonly autoAck: boolean;
  /** Hash of the attemptId, when the claim is to be repeatable. */
  readonly attempt: string | undefined;
  /** False for a message that its sender can't be given; absent means all can. */
  readonly isDeliverable?: ((message: EntryMessage) => boolean) | undefined;
}

/** What a claim gets: undefined when there is nothing, 'withheld' when it can't be given what there is next. */
export type ClaimResult = Lease | 'withheld' | undefined;

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

/** As much of a lease as it takes to give it back. */
export type Returnable = Pick<Lease, 'messages' | 'generation' | 'lease'>;

/** What its holder would settle it with. */
export function receiptsOfLease({ messages, generation, lease }: Returnable): Receipt[] {
  return messages.map(({ level, segment, offset }) => ({ level, segment, offset, generation, lease }));
}

/** A receive that waits for messages. */
export class ClaimRequest {
  readonly spec: ClaimSpec;
  readonly pending: Pending<ClaimResult>;
  state: ClaimState;
  readonly #cancelWait: () => void;

  /** @param onDue called when its time is up. @param onAnswered called once, however it ends */
  constructor(
    runtime: Runtime,
    spec: ClaimSpec,
    signal: CallSignal,
    onDue: () => void,
    onAnswered: (claim: ClaimRequest) => void,
  ) {
    this.spec = spec;
    this.state = newClaim(spec.waitMs);
    this.#cancelWait = this.state.isTimeUp
      ? () => {}
      : runtime.timers.after(spec.waitMs, () => {
          this.state = timeIsUp(this.state);
          onDue();
        });
    const limitMs = Math.max(0, spec.waitMs) + runtime.requestTimeoutMs;
    this.pending = new Pending(runtime.timers, limitMs, signal, () => {
      this.#cancelWait();
      onAnswered(this);
    });
  }

  /**
   * A round has found no answer but this one.
   *
   * @param isSure whether the round has read everything behind a barrier
   */
  answerIfConfirmed(answer: 'withheld' | undefined, isSure: boolean): void {
    if (isSure && this.state.step === 'confirming') this.pending.settle(answer);
    else this.state = foundNothing(this.state);
  }
}
