/**
 * When this gateway has too much to do, which a client is told as 'rate-limited': what it bears at a time, over all its
 * queues and topics. A client that is told to come again costs nothing. Clients that wait in memory would end the
 * process for all.
 */

import { Budget } from '../model/budget.ts';
import { BrokerError } from '../model/errors.ts';

/** Infinity means no limit. */
export interface LoadLimits {
  /** Receives that wait for a message. */
  readonly waitingReceivesMax: number;
  /** Messages on their way into the store, in bytes as packed. */
  readonly queuedBytesMax: number;
}

export const NO_LIMITS: LoadLimits = {
  waitingReceivesMax: Number.POSITIVE_INFINITY,
  queuedBytesMax: Number.POSITIVE_INFINITY,
};

export class GatewayLoad {
  readonly waitingReceives: Budget;
  readonly queuedBytes: Budget;

  constructor({ waitingReceivesMax, queuedBytesMax }: LoadLimits) {
    this.waitingReceives = new Budget(waitingReceivesMax);
    this.queuedBytes = new Budget(queuedBytesMax);
  }

  /** Takes a place to wait in, until the returned function is called. Throws BrokerError 'rate-limited'. */
  wait(): () => void {
    if (!this.waitingReceives.take(1)) {
      throw tooMuch(`${this.waitingReceives.max} receives wait at this gateway, and no more may`);
    }
    return () => this.waitingReceives.give(1);
  }

  /** Takes room for messages to be stored, until the returned function is called. Throws BrokerError 'rate-limited'. */
  queue(bytes: number): () => void {
    if (!this.queuedBytes.take(bytes)) {
      throw tooMuch('Messages are published to this gateway faster than ZooKeeper stores them');
    }
    return () => this.queuedBytes.give(bytes);
  }
}

function tooMuch(what: string): BrokerError {
  return new BrokerError(
    'rate-limited',
    `${what}; nothing was changed. Try again later, or at another gateway.`,
  );
}
