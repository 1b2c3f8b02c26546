/**
 * What happens when an answer is lost between a write and its reply: the outcome is learnt all the same, if the
 * ensemble comes back in time.
 *
 *     write sent --answer--------------------------------> applied | conflict
 *                '--connection lost--> barrier --> mark?-> applied | absent
 *                                      |           '-----> outcome-unknown, with time left: no part can tell any more
 *                                      '--deadline-------> outcome-unknown
 *
 * The write may have been applied when the connection broke, or may still be under way. Once a later barrier has
 * passed, it either has happened or never will. The mark that it leaves in the tree tells which, unless others have
 * removed what carried it.
 */
import type { CallSignal } from '../model/call-signal.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type CommitConflict, StoreError, type Write, type WriteResult } from '../zookeeper/store.ts';
import { outcomeUnknown, refused } from './failures.ts';
import { rest, untilReconnected } from './read-through.ts';

export type CommitOutcome =
  /** `results` are missing when the answer was lost and the write was recognised by its mark. */
  | { readonly outcome: 'applied'; readonly results?: readonly WriteResult[] }
  | { readonly outcome: 'conflict'; readonly index: number; readonly reason: CommitConflict['reason'] }
  /** Certainly not applied, now or later: it may be tried again. */
  | { readonly outcome: 'absent' };

/**
 * Commits, and learns the outcome also when the answer is lost.
 *
 * @param didApply looks for the write's mark after the barrier; undefined when it can no longer be told
 * @param signal ends the waiting for the ensemble
 * @throws BrokerError 'unavailable' (certainly not applied) or 'outcome-unknown'
 */
export async function commitAndLearn(
  runtime: Runtime,
  writes: readonly Write[],
  didApply: () => Promise<boolean | undefined>,
  signal: CallSignal,
): Promise<CommitOutcome> {
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
      await untilReconnected(runtime, signal);
      return { outcome: 'absent' };
    }
  }
  const applied = await lookForMark(runtime, didApply, signal);
  if (applied === undefined) throw outcomeUnknown();
  return { outcome: applied ? 'applied' : 'absent' };
}

async function lookForMark(
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
      await rest(runtime);
    }
  }
}
