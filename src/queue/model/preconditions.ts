/** Whether a request's If-Match and If-None-Match let it create or change a queue, topic or subscription. */
import { BrokerError } from './errors.ts';
import type { Precondition } from './vocabulary.ts';

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
