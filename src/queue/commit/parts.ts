/**
 * One commit made of parts that know nothing of each other: the pages of a subscription, the entries of a topic, a
 * mark. Each brings its writes, and is told how they fared. That is all it takes to ack here and publish there in one
 * atomic step.
 */
import type { CallSignal } from '../model/call-signal.ts';
import { BrokerError } from '../model/errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type CommitConflict, StoreError, type Write, type WriteResult } from '../zookeeper/store.ts';
import { commitAndLearn } from './lost-answers.ts';

export interface CommitPart {
  readonly writes: readonly Write[];
  /** The commit is about to be sent: watches on what it changes will tell before its answer comes. */
  sending?(): void;
  /** @param results of this part's writes, in order; undefined when the answer was lost and a mark told the outcome */
  applied(results: readonly WriteResult[] | undefined): void;
  /** The write at `index` of this part failed, and with it the whole commit: what it relied on is old. */
  conflicted(index: number, reason: CommitConflict['reason']): Promise<void> | void;
  /**
   * The commit was not applied, for whatever reason.
   *
   * @param isCertain false when it is not known, and may have been
   */
  abandoned?(isCertain: boolean): void;
  /** Looks for the part's mark after a lost answer, behind a barrier; undefined when it can no longer be told. */
  didApply?(): Promise<boolean | undefined>;
}

/**
 * @returns 'applied'; 'conflict' when somebody was faster: prepare the parts anew; 'absent' when certainly not applied
 *   for another reason: try again
 * @throws BrokerError 'unavailable' or 'outcome-unknown'
 */
export async function commitParts(
  runtime: Runtime,
  parts: readonly CommitPart[],
  signal: CallSignal,
): Promise<'applied' | 'conflict' | 'absent'> {
  const writes = parts.flatMap((part) => part.writes);
  const abandon = (isCertain: boolean) => {
    for (const part of parts) part.abandoned?.(isCertain);
  };
  for (const part of parts) part.sending?.();
  try {
    const committed = await commitAndLearn(runtime, writes, () => firstAnswer(parts), signal);
    if (committed.outcome === 'applied') {
      let from = 0;
      for (const part of parts) {
        part.applied(committed.results?.slice(from, from + part.writes.length));
        from += part.writes.length;
      }
      return 'applied';
    }
    abandon(true);
    if (committed.outcome === 'absent') return 'absent';
    let index = committed.index;
    for (const part of parts) {
      if (index < part.writes.length) {
        await looked(() => part.conflicted(index, committed.reason));
        break;
      }
      index -= part.writes.length;
    }
    return 'conflict';
  } catch (error) {
    abandon(false);
    throw error;
  }
}

/** By the mark of the first part that can tell. */
async function firstAnswer(parts: readonly CommitPart[]): Promise<boolean | undefined> {
  for (const part of parts) {
    const applied = await part.didApply?.();
    if (applied !== undefined) return applied;
  }
  return undefined;
}

/** How many bytes of a commit's packet are left beside the parts; below 0 when they do not fit. */
export function roomBeside({ store }: Runtime, parts: readonly CommitPart[]): number {
  return store.packet.bytesMax - store.packet.bytesOf(parts.flatMap((part) => part.writes));
}

/** For what goes together or not at all. Throws BrokerError 'payload-too-large'. */
export function assertRoom(runtime: Runtime, parts: readonly CommitPart[]): void {
  if (roomBeside(runtime, parts) < 0) throw tooLarge();
}

export function tooLarge(): BrokerError {
  return new BrokerError(
    'payload-too-large',
    'All of it together, with attributes, options and acks, exceeds one write; nothing was changed.',
  );
}

/** What a part reads again after a conflict it may also read before the next attempt: a failure here is none. */
async function looked(look: () => void | Promise<void>): Promise<void> {
  try {
    await look();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
}
