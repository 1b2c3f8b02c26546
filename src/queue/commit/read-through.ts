/** Reads that outlive the loss of a connection: once another server has taken over, they begin anew. */
import type { CallSignal } from '../model/call-signal.ts';
import { withDeadline } from '../runtime/deadline.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { StoreError } from '../zookeeper/store.ts';
import { refused, unavailable } from './failures.ts';

const REST_MS = 2;

/**
 * Runs reads until they succeed or the signal aborts, and runs all of them again after each loss of the connection.
 *
 * @throws BrokerError 'unavailable'
 */
export async function readThrough<Result>(
  runtime: Runtime,
  signal: CallSignal,
  reads: () => Promise<Result>,
): Promise<Result> {
  for (;;) {
    await untilConnected(runtime, signal);
    try {
      return await reads();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.kind === 'refused') throw refused(error);
      if (signal.aborted) throw unavailable(error);
      await untilReconnected(runtime, signal);
    }
  }
}

/** As `readThrough`, for as long as one request may wait for the ensemble. */
export function readWithDeadline<Result>(runtime: Runtime, reads: () => Promise<Result>): Promise<Result> {
  return withDeadline(runtime, (signal) => readThrough(runtime, signal, reads));
}

/** Waits for the connection. Throws BrokerError 'unavailable' when the signal comes first. */
export async function untilConnected(runtime: Runtime, signal: CallSignal): Promise<void> {
  try {
    await runtime.store.whenConnected(signal);
  } catch (error) {
    throw unavailable(error);
  }
}

/** Waits for the connection after a failure, and rests before. Throws BrokerError 'unavailable' as `untilConnected` does. */
export async function untilReconnected(runtime: Runtime, signal: CallSignal): Promise<void> {
  await rest(runtime);
  await untilConnected(runtime, signal);
}

/** A store may say that it is connected and yet fail at once: without a rest it would be asked again for ever. */
export function rest({ timers }: Runtime): Promise<void> {
  return new Promise<void>((resolve) => void timers.after(REST_MS, resolve));
}
