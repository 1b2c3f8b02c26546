/** What the clients of a run did and were told, for the rules to judge. All instants are virtual. */
import type { Outcome, ReceivedMessage } from '../../src/queue/index.ts';

/**
 * When something was asked and told. The leader's clock jumps, and not every gateway has heard of it: `minClockMs` is
 * the earliest that any took it for when it was asked, but for `ANSWER_MS`; `maxClockMs` the latest when it was told.
 */
export interface Span {
  readonly askedMs: number;
  readonly toldMs: number;
  readonly minClockMs: number;
  readonly maxClockMs: number;
}

/** An estimate of the leader's clock is behind by as much as the answer took that it rests on. */
export const ANSWER_MS = 3_000;

export type Kind = 'done' | 'refused' | 'unknown';

/** One message of a publish request; `request` is the same for all of one. */
export interface Publish extends Span {
  readonly target: string;
  readonly request: number;
  readonly key: string;
  readonly kind: Kind;
  readonly code?: string;
  readonly id?: string;
  readonly duplicate?: boolean;
  readonly group?: string;
  readonly dedupId?: string;
  readonly priority: number;
  readonly delaySeconds?: number;
  readonly expiresInSeconds?: number;
  readonly attributes: Readonly<Record<string, string>>;
  /** The transaction that published it, if one did. */
  readonly transaction?: number;
}

/** One message as a client got it. */
export interface Delivery extends Span {
  readonly source: string;
  readonly key: string;
  readonly message: ReceivedMessage;
  readonly leasedMs: number;
  readonly autoAck: boolean;
  readonly attemptId?: string;
  /** Its place in the answer. */
  readonly index: number;
}

export interface Settle extends Span {
  readonly source: string;
  readonly verb: 'ack' | 'nack' | 'extend' | 'reject';
  readonly receipt: string;
  readonly outcome: Outcome['outcome'] | 'refused' | 'unknown';
  readonly leaseMs?: number;
}

/** A receive, whatever came of it. */
export interface Receive extends Span {
  readonly source: string;
  readonly kind: Kind;
  /** Why it was refused. */
  readonly code?: string;
  readonly count: number;
  readonly autoAck: boolean;
  readonly max: number;
  readonly attemptId?: string;
}

/** A purge, deletion, creation or redrive. */
export interface Management extends Span {
  readonly resource: string;
  readonly verb: 'purge' | 'delete' | 'redrive' | 'create';
  readonly kind: Kind;
  /** Why it was refused. */
  readonly code?: string;
  /** Of a redrive: how many messages it moved; absent when nobody was told. */
  readonly moved?: number;
}

export class Ledger {
  readonly publishes: Publish[] = [];
  readonly deliveries: Delivery[] = [];
  readonly settles: Settle[] = [];
  readonly receives: Receive[] = [];
  readonly managements: Management[] = [];
  /** What must never happen, whatever else does. */
  readonly defects: string[] = [];
}

/** The text that a message of this key has as its body. */
export function keyOf(message: { readonly body: Buffer }): string {
  return message.body.toString();
}
