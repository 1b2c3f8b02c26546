/**
 * Transactions: acks of several subscriptions and publishes to several queues and topics in one commit, or nothing.
 *
 *     id known? --> targets have room? --> subscriptions stand still: receipts hold? --> commit
 *
 * Targets are asked for room before the subscriptions stand still: to count, they have the sources of their dead letters
 * bury their dead, and a subscription that stands still would never do so. A transactionId is stored in the same commit
 * together with the answer, so that a repeat at any gateway finds it.
 */

import { AGAIN, attemptUntilDone } from '../commit/optimistic.ts';
import { assertRoom, type CommitPart, commitParts } from '../commit/parts.ts';
import { readThrough, readWithDeadline } from '../commit/read-through.ts';
import { QueueLimits } from '../limits/queue-full.ts';
import { assertFits } from '../log/append-plan.ts';
import { hashId, type RecentIdsFound } from '../log/recent-ids.ts';
import type { CallSignal } from '../model/call-signal.ts';
import { BrokerError, type BrokerErrorCode } from '../model/errors.ts';
import type { TransactionRequest, TransactionResult } from '../model/vocabulary.ts';
import { countPublished } from '../runtime/counts.ts';
import type { Resolve } from '../topics/directory.ts';
import type { Engine } from '../topics/engine.ts';
import { type Acks, aborted, draftAcks, resolveAcks, whileStandingStill } from './transaction-acks.ts';
import {
  type Admitted,
  admit,
  type ByTarget,
  type Publish,
  planPublishes,
  resolvePublishes,
  sortByTarget,
} from './transaction-publishes.ts';

/** How long a transactionId is remembered. */
export const WINDOW_MS = 300_000;

/** Codes of failures that pass: the same request may succeed a moment later, though nothing that is stored has changed. */
const PASSING: readonly BrokerErrorCode[] = ['unavailable', 'outcome-unknown', 'rate-limited'];

interface Attempt {
  readonly acks: readonly Acks[];
  readonly publishes: readonly Publish[];
  readonly byTarget: ByTarget;
  readonly hash: string | undefined;
  readonly signal: CallSignal;
  readonly admitted: Admitted;
  /** Read the cursors anew, behind a barrier. */
  readonly certain: boolean;
}

/** Does all of it in one commit, or nothing. Throws BrokerError: 'transaction-aborted' when a receipt does not hold. */
export async function transact(engine: Engine, request: TransactionRequest): Promise<TransactionResult> {
  const hash = request.transactionId === undefined ? undefined : hashId(request.transactionId);
  try {
    return await engine.directory.useSeveral((resolve) => transactWith(engine, request, hash, resolve));
  } catch (error) {
    // An earlier request with the same id may have been carried out by another gateway since this one looked the id up: then
    // its own acks and messages are what stands in the way, and its answer is what the client wants.
    const answer = hash !== undefined && isRefused(error) ? await answerTo(engine, hash, true) : undefined;
    if (answer === undefined) throw error;
    return answer;
  }
}

async function transactWith(
  engine: Engine,
  request: TransactionRequest,
  hash: string | undefined,
  resolve: Resolve,
): Promise<TransactionResult> {
  const answer = hash === undefined ? undefined : await answerTo(engine, hash, false);
  if (answer !== undefined) return answer;
  const acks = await resolveAcks(request, resolve);
  const publishes = await resolvePublishes(engine.runtime.store, request, resolve);
  const packedBytes = assertFits(publishes.flatMap(({ outgoing }) => outgoing));
  await engine.runtime.dataLimit?.admit(packedBytes);
  const leaveQueue = engine.runtime.load.queue(packedBytes);
  try {
    return await commit(engine, acks, publishes, hash);
  } finally {
    leaveQueue();
  }
}

/**
 * What an earlier request with the id was answered.
 *
 * @param certain look behind a barrier, and so also find what another gateway has carried out just now
 */
async function answerTo(
  engine: Engine,
  hash: string,
  certain: boolean,
): Promise<TransactionResult | undefined> {
  const found = await readWithDeadline(engine.runtime, async () => {
    if (certain) await engine.runtime.store.barrier();
    return engine.transactionIds.find([hash], WINDOW_MS);
  });
  return repeated(found, hash);
}

async function commit(
  engine: Engine,
  acks: readonly Acks[],
  publishes: readonly Publish[],
  hash: string | undefined,
): Promise<TransactionResult> {
  const byTarget = sortByTarget(publishes);
  const limits = [...byTarget.keys()].map((open) => open.limits);
  return attemptUntilDone(engine.runtime, async (signal) => {
    const attempting = { acks, publishes, byTarget, hash, signal };
    const outcome = await QueueLimits.inTurns(limits, async () => {
      const admitted = await admit(engine.runtime, byTarget, signal);
      return whileStandingStill(acks, async () => {
        const first = await attempt(engine, { ...attempting, admitted, certain: false });
        return first === 'not-held' ? attempt(engine, { ...attempting, admitted, certain: true }) : first;
      });
    });
    if (outcome === 'not-held') throw aborted('is lost, or its message is already acked');
    return outcome;
  });
}

/** Makes the commit while the subscriptions stand still: so nothing here may wait for one of them. */
async function attempt(
  engine: Engine,
  { acks, publishes, byTarget, hash, signal, admitted, certain }: Attempt,
) {
  const found =
    hash === undefined
      ? undefined
      : await readThrough(engine.runtime, signal, () => engine.transactionIds.find([hash], WINDOW_MS));
  const known = hash === undefined || found === undefined ? undefined : repeated(found, hash);
  if (known !== undefined) return known;
  const cursors = await draftAcks(engine.runtime, acks, certain, signal);
  if (cursors === undefined) return 'not-held';
  if (admitted.refusal !== undefined) throw admitted.refusal;
  const { parts, answers } = await planPublishes(engine.runtime, publishes, byTarget, signal);
  const result: TransactionResult = { publishes: answers.map((messages) => ({ messages })) };
  const marks = hash === undefined || found === undefined ? [] : [take(engine, hash, result, found)];
  const all = [...cursors, ...admitted.parts, ...parts, ...marks];
  if (all.length === 0) return result;
  assertRoom(engine.runtime, all);
  if ((await commitParts(engine.runtime, all, signal)) !== 'applied') return AGAIN;
  for (const { subscription, receipts } of acks) {
    subscription.rounds.counts.acked += receipts.length;
    subscription.wake();
  }
  publishes.forEach(({ open }, index) => void countPublished(open.counts, answers[index] ?? []));
  return result;
}

/** Stores the answer with the id. If it is found after a lost reply, the whole commit was applied. */
function take(engine: Engine, hash: string, result: TransactionResult, found: RecentIdsFound): CommitPart {
  return engine.transactionIds.take(new Map([[hash, result]]), WINDOW_MS, found);
}

function repeated({ values }: RecentIdsFound, hash: string): TransactionResult | undefined {
  const answer = values.get(hash) as TransactionResult | undefined;
  return answer && { ...answer, duplicate: true };
}

/** Refused because of what is stored, not for want of a connection or of time. */
function isRefused(error: unknown): boolean {
  return error instanceof BrokerError && !PASSING.includes(error.code);
}
