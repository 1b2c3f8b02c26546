/**
 * A commit whose outcome is always learnt, if the ensemble comes back in time.
 *
 * A connection that breaks between a write and its answer leaves it open whether the write was applied, or still will
 * be. The store reports itself connected again only behind a barrier: from then on the write has either happened or
 * never will, and looking for the mark that it carries tells which.
 */
import type { CallSignal } from '../model/call-signal.ts';
import { BrokerError } from '../model/errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type CommitConflict, StoreError, type Write, type WriteResult } from '../zookeeper/store.ts';

const PAUSE_MS = 2;

export type SettledCommit =
  /** `results` are missing when the answer was lost and the write was recognised by its mark. */
  | { readonly outcome: 'applied'; readonly results?: readonly WriteResult[] }
  | { readonly outcome: 'conflict'; readonly index: number; readonly reason: CommitConflict['reason'] }
  /** Certainly not applied, now or later: it may be tried again. */
  | { readonly outcome: 'absent' };

/**
 * @param didApply looks for the write's mark after the barrier; undefined when it can no longer be told
 * @param signal ends the waiting for the ensemble
 * @throws BrokerError 'unavailable' (certainly not applied) or 'outcome-unknown'
 */
export async function settledCommit(
  runtime: Runtime,
  writes: readonly Write[],
  didApply: () => Promise<boolean | undefined>,
  signal: CallSignal,
): Promise<SettledCommit> {
  const { store } = runtime;
  try {
    const result = await store.commit(writes);
    return result.applied
      ? { outcome: 'applied', results: result.results }
      : { outcome: 'conflict', index: result.index, reason: result.reason };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.kind === 'refused') throw refused(error);
    if (error.kind === 'unavailable') {
      await reconnected(runtime, signal);
      return { outcome: 'absent' };
    }
  }
  const applied = await resolve(runtime, didApply, signal);
  if (applied === undefined) throw outcomeUnknown();
  return { outcome: applied ? 'applied' : 'absent' };
}

/** Waits for the connection; throws 'unavailable' when the signal comes first. */
export async function connected(runtime: Runtime, signal: CallSignal): Promise<void> {
  try {
    await runtime.store.whenConnected(signal);
  } catch (error) {
    throw unavailable(error);
  }
}

/**
 * Runs reads, again after each loss of the connection, until they succeed or the signal aborts.
 *
 * @throws BrokerError 'unavailable'
 */
export async function readThrough<Result>(
  runtime: Runtime,
  signal: CallSignal,
  reads: () => Promise<Result>,
): Promise<Result> {
  for (;;) {
    await connected(runtime, signal);
    try {
      return await reads();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.kind === 'refused') throw refused(error);
      if (signal.aborted) throw unavailable(error);
      await reconnected(runtime, signal);
    }
  }
}

/** Waits for the connection after a failure, but never too short; throws 'unavailable' when the signal comes first. */
export async function reconnected(runtime: Runtime, signal: CallSignal): Promise<void> {
  await pause(runtime);
  await connected(runtime, signal);
}

/** Keeps a store that says it is connected, and yet fails at once, from being asked for ever without a rest. */
function pause({ timers }: Runtime): Promise<void> {
  return new Promise<void>((resolve) => void timers.after(PAUSE_MS, resolve));
}

async function resolve(
  runtime: Runtime,
  didApply: () => Promise<boolean | undefined>,
  signal: CallSignal,
): Promise<boolean | undefined> {
  for (;;) {
    try {
      await runtime.store.whenConnected(signal);
      // A write that ran into its own time limit on a living connection may still be under way.
      await runtime.store.barrier();
      return await didApply();
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof StoreError)) throw error;
      await pause(runtime);
    }
  }
}

/** The ensemble has answered that it will not do it. */
function refused(cause: StoreError): BrokerError {
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

export function unavailable(cause: unknown): BrokerError {
  return new BrokerError('unavailable', 'ZooKeeper cannot be reached; nothing was changed. Try again.', {
    cause,
  });
}

function outcomeUnknown(): BrokerError {
  return new BrokerError(
    'outcome-unknown',
    'ZooKeeper did not confirm the write in time; it may have taken effect.',
  );
}
