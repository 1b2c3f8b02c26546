/** What all changes of queues, topics and subscriptions have in common: preconditions, and trying until they are done. */

import type { CallSignal } from '../model/call-signal.ts';
import { BrokerError } from '../model/errors.ts';
import type { Precondition } from '../model/vocabulary.ts';
import { Deadline } from '../runtime/deadline.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { ANY_VERSION, type Write } from '../zookeeper/store.ts';

/**
 * Runs the steps again whenever somebody else was faster (they return undefined), until the request's time is over.
 * Throws BrokerError.
 */
export async function untilDone<Result>(
  runtime: Runtime,
  steps: (signal: CallSignal) => Promise<Result | undefined>,
): Promise<Result> {
  const signal = new Deadline(runtime.timers, runtime.requestTimeoutMs);
  try {
    for (;;) {
      const result = await steps(signal);
      if (result !== undefined) return result;
      if (signal.aborted) {
        throw new BrokerError('unavailable', 'Others keep changing this; nothing was changed. Try again.');
      }
    }
  } finally {
    signal.cancel();
  }
}

/** Throws 'precondition-failed' when something that does not exist yet may not be created. */
export function assertCreatable(noun: string, name: string, { ifMatch }: Precondition): void {
  if (ifMatch !== undefined)
    throw new BrokerError('precondition-failed', `The ${noun} '${name}' does not exist.`);
}

/** Throws 'precondition-failed' when something that exists may not be changed. */
export function assertChangeable(noun: string, name: string, etag: string, precondition: Precondition): void {
  const { ifMatch, ifAbsent } = precondition;
  if (ifAbsent === true) throw new BrokerError('precondition-failed', `The ${noun} '${name}' exists.`);
  if (ifMatch === undefined || ifMatch === '*' || ifMatch.includes(etag)) return;
  throw new BrokerError(
    'precondition-failed',
    `The configuration of '${name}' is not the one named by If-Match.`,
  );
}

/** The writes that make a node whose version is to be compared later: it must never be 0. */
export function createAndSet(path: string, data: Buffer): Write[] {
  return [
    { kind: 'create', path, data: Buffer.alloc(0) },
    { kind: 'set', path, data, version: ANY_VERSION },
  ];
}
