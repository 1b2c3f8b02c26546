/** What a request is told when the ensemble does not do what it asks: from errors of the store to the broker's own. */
import { BrokerError } from '../model/errors.ts';
import type { StoreError } from '../zookeeper/store.ts';

/** The ensemble has answered that it will not do it. */
export function refused(cause: StoreError): BrokerError {
  switch (cause.refusal) {
    case 'quota':
      return new BrokerError(
        'store-full',
        'A quota that an operator has set in ZooKeeper is exhausted; nothing was changed. ' +
          'Receive and ack messages, delete what is no longer needed, or raise the quota.',
        { cause },
      );
    case 'throttled':
      return new BrokerError(
        'unavailable',
        'ZooKeeper has more requests than it takes; nothing was changed. Try again.',
        { cause },
      );
    case 'permission':
      return new BrokerError(
        'unavailable',
        'ZooKeeper does not let this gateway do it, for a part of the tree belongs to others; nothing was changed.',
        { cause },
      );
    default:
      return unavailable(cause);
  }
}

/** The ensemble was not asked, or has certainly not done it. */
export function unavailable(cause: unknown): BrokerError {
  return new BrokerError('unavailable', 'ZooKeeper cannot be reached; nothing was changed. Try again.', {
    cause,
  });
}

/** Other gateways were faster at each attempt. */
export function contended(): BrokerError {
  return new BrokerError('unavailable', 'Others keep changing this; nothing was changed. Try again.');
}

/** The write was sent, and nobody can tell whether the ensemble has done it. */
export function outcomeUnknown(): BrokerError {
  return new BrokerError(
    'outcome-unknown',
    'ZooKeeper did not confirm the write in time; it may have taken effect.',
  );
}
