/**
 * The one loop of optimistic commits. Nobody locks anything: each attempt reads what it relies on, prepares a commit
 * that fails if any of that has changed, and commits.
 *
 *     attempt --applied, or nothing to do--> its result
 *        ^  '--AGAIN: somebody was faster, or the commit is certainly absent--> in time? --no--> 'unavailable'
 *        '--------------------------------------------------------------------------'yes
 *
 * What each attempt must read anew differs from caller to caller, so the whole attempt is theirs.
 */
import type { CallSignal } from '../model/call-signal.ts';
import { withDeadline } from '../runtime/deadline.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { contended } from './failures.ts';

/** The answer of an attempt that changed nothing and is worth another one. */
export const AGAIN: unique symbol = Symbol('again');

/**
 * Attempts until one has a result, for as long as one request may wait for the ensemble. An attempt under way is never
 * cut off: it gets the signal, for what it waits for.
 *
 * @throws BrokerError 'unavailable' when the time is over and others were faster each time; whatever an attempt throws
 */
export function attemptUntilDone<Result>(
  runtime: Pick<Runtime, 'timers' | 'requestTimeoutMs'>,
  attempt: (signal: CallSignal) => Promise<Result | typeof AGAIN>,
): Promise<Result> {
  return withDeadline(runtime, async (signal) => {
    for (;;) {
      const result = await attempt(signal);
      if (result !== AGAIN) return result;
      if (signal.aborted) throw contended();
    }
  });
}
