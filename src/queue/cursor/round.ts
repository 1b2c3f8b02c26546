/**
 * One round of a subscription: looks at the cursor, evaluates what waits, commits, and answers.
 *
 *     look --> evaluate <--> load what is missing
 *                 |--> answer what changes nothing, if the look was certain; else have it looked at again
 *                 '--> commit --applied--> answer
 *                             '--lost----> nothing is answered; the next round looks again
 */

import { commitParts } from '../commit/parts.ts';
import { readThrough } from '../commit/read-through.ts';
import type { EntryCache } from '../log/entry-cache.ts';
import { subscriptionRef } from '../log/topic.ts';
import type { CallSignal } from '../model/call-signal.ts';
import { BrokerError } from '../model/errors.ts';
import { CLAIMS_PER_WRITE_MAX, fencingToken } from '../model/fencing.ts';
import type { MessageCounts } from '../runtime/counts.ts';
import { Deadline } from '../runtime/deadline.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { CursorReader } from './cursor-reader.ts';
import type { CursorState } from './cursor-state.ts';
import { type CursorPart, CursorWriter } from './cursor-writer.ts';
import type { DeadLetters } from './dead-letter-move.ts';
import { Drafting } from './drafting.ts';
import type { Evaluation, Grant } from './evaluation.ts';
import { Turns } from './turns.ts';
import type { Batch } from './waiting/batch.ts';
import type { ClaimRequest, Lease } from './waiting/requests.ts';
import { foundNothing, lookedAgain } from './waiting/states.ts';

/** Messages that the subscription does not want are passed over in memory until a write is due, or there are many. */
const UNWANTED_UNWRITTEN_MAX = 64;

/** What the subscription goes on with after a round. */
export interface RoundResult {
  /** There may be more to give, or to do. */
  readonly more: boolean;
  /** Leases whose claims were gone when they were made: to be given back. */
  readonly unused: readonly Lease[];
}

export class Rounds {
  readonly reader: CursorReader;
  readonly writer: CursorWriter;
  readonly turns: Turns;
  readonly drafting: Drafting;
  readonly #runtime: Runtime;
  readonly #state: CursorState;
  readonly #deadLetters: DeadLetters;
  #counts: MessageCounts | undefined;

  constructor(
    runtime: Runtime,
    cache: EntryCache,
    state: CursorState,
    deadLetters: DeadLetters,
    onFinished: (level: number, segment: number) => void,
  ) {
    this.#runtime = runtime;
    this.#state = state;
    this.#deadLetters = deadLetters;
    this.reader = new CursorReader(runtime.store, cache, state);
    const onWritten = (outcome: 'won' | 'lost') => (outcome === 'won' ? this.turns.won() : this.turns.lost());
    this.writer = new CursorWriter(runtime, state, { onFinished, onWritten });
    this.turns = new Turns(runtime, state, this.reader, this.writer);
    this.drafting = new Drafting(runtime, state, this.reader);
  }

  /**
   * Counts of what happened to the messages. Ask only when there is something to count: the first call takes one of a
   * limited number of names.
   */
  get counts(): MessageCounts {
    this.#counts ??= this.#runtime.counts.of(subscriptionRef(this.#state.topic, this.#state.name));
    return this.#counts;
  }

  /**
   * @param certain read everything anew, behind a barrier
   * @param isBehindBarrier whether a barrier has already passed after the last of the batch arrived
   * @param othersWait whether others wait for the next round
   * @throws BrokerError
   */
  async run(
    batch: Batch,
    certain: boolean,
    isBehindBarrier: boolean,
    othersWait: () => boolean,
  ): Promise<RoundResult> {
    const signal = new Deadline(this.#runtime.timers, this.#runtime.requestTimeoutMs);
    try {
      await readThrough(this.#runtime, signal, () => this.look(certain, isBehindBarrier));
      const evaluation = await this.drafting.complete(batch, certain, othersWait, signal);
      const left = leftWithout(batch, evaluation);
      if (
        certain &&
        left.some(({ state }) => state.step === 'confirming') &&
        !(await this.#isAsLookedAt(signal))
      ) {
        this.#state.topic.markStale();
        return { more: true, unused: [] };
      }
      this.#answerUnchanged(evaluation, left, certain);
      if (certain) for (const item of batch.claims) item.state = lookedAgain(item.state);
      const isWritten = isWorthWriting(evaluation);
      if (!isWritten) this.turns.unused();
      const unused = isWritten ? await this.#write(evaluation, signal) : [];
      if (unused === undefined) return { more: true, unused: [] };
      // A settlement may have given messages back: those who wait may claim them.
      const changed = evaluation.draft.full || hasSettled(evaluation);
      const { unsureRepeats, grantedTwice, exhausted } = evaluation;
      const isLeft = unsureRepeats.length > 0 || grantedTwice.length > 0;
      const more = changed || isLeft || (batch.claims.length > 0 && !exhausted);
      return { more, unused };
    } finally {
      signal.cancel();
    }
  }

  /** Looks, again after a loss of the connection, within the time of a request. Throws BrokerError. */
  async lookWithin(certain: boolean): Promise<void> {
    const signal = new Deadline(this.#runtime.timers, this.#runtime.requestTimeoutMs);
    try {
      await readThrough(this.#runtime, signal, () => this.look(certain));
    } finally {
      signal.cancel();
    }
  }

  /** Reads what is known to be old, or everything. Rejects with a StoreError; throws BrokerError 'not-found'. */
  async look(certain: boolean, isBehindBarrier = false): Promise<void> {
    const { topic } = this.#state;
    const begun = this.turns.begin();
    if (certain) {
      if (!isBehindBarrier) await this.#runtime.store.barrier();
      this.#state.markAllStale();
      this.#state.attempts.clear();
      topic.markStale();
    }
    if (topic.stale) await topic.refresh();
    topic.assertLive();
    await this.reader.refresh();
    await begun;
    this.turns.looked();
    if (this.#state.exists) return;
    if (certain) throw topic.lacks(this.#state.name);
    // Our server may be behind, or somebody has deleted the incarnation and this gateway does not know yet.
    await this.look(true);
  }

  /**
   * Whether the incarnation is still the one that the look began with. If somebody deletes it during the look, its nodes
   * vanish, and the look takes vanished segments for finished ones: it would wrongly say that there is nothing.
   */
  async #isAsLookedAt(signal: CallSignal): Promise<boolean> {
    const { path, version } = this.#state.topic.guard();
    const stat = await readThrough(this.#runtime, signal, () => this.#runtime.store.stat(path));
    return stat?.version === version;
  }

  /**
   * Answers what needs no write. Requests whose answer needs a second look change their state instead.
   *
   * @param left claims whose time is up, and for which there is nothing
   */
  #answerUnchanged(evaluation: Evaluation, left: readonly ClaimRequest[], certain: boolean): void {
    for (const [request, { unsure }] of evaluation.settled) {
      request.step = !certain && unsure.length > 0 ? 'confirming' : 'looking';
      if (certain) for (const { index, length, outcome } of unsure) request.note(index, length, outcome);
    }
    for (const item of evaluation.unsureRepeats) item.state = foundNothing(item.state);
    for (const { item, record, untilMs, messages } of evaluation.repeats) {
      const token = fencingToken(BigInt(record.zxid ?? 0), record.index);
      const { generation, lease } = record;
      item.pending.settle({ generation, lease, untilMs, fencingToken: token, messages });
    }
    for (const item of evaluation.withheld) item.answerIfConfirmed('withheld', certain);
    for (const item of evaluation.refused) {
      item.pending.fail(
        new BrokerError('rate-limited', 'Too many receives with an attemptId are under lease.'),
      );
    }
    for (const item of left) item.answerIfConfirmed(undefined, certain);
  }

  /** @returns the leases that no claim was told of; undefined when nothing was written */
  async #write(evaluation: Evaluation, signal: CallSignal): Promise<Lease[] | undefined> {
    const { draft } = evaluation;
    const settled = [...evaluation.settled].filter(([, { done }]) => done.length > 0);
    const answered = [
      ...settled.map(([request]) => request),
      ...evaluation.grants.map((grant) => grant.item),
    ];
    const dead = await readThrough(this.#runtime, signal, () =>
      this.#deadLetters.parts(this.#state, draft.dead),
    );
    // A request that has failed meanwhile was told that nothing was changed: then write nothing.
    if (answered.some((item) => !item.pending.open)) return undefined;
    const part = this.writer.part(draft, evaluation.attempts);
    for (const item of answered) item.pending.markSent();
    const outcome = await commitParts(this.#runtime, [part, ...dead], signal);
    if (outcome !== 'applied') {
      for (const item of answered) item.pending.markQueued();
      if (outcome === 'conflict') this.counts.conflicts += 1;
      return undefined;
    }
    const { counts } = this.#runtime;
    let receipts = 0;
    for (const [request, { done }] of settled) {
      for (const { index, length, outcome } of done) {
        receipts += length;
        request.note(index, length, outcome);
      }
    }
    counts.cursorClaims.add(evaluation.grants.length);
    counts.cursorSettlements.add(receipts);
    if (draft.expired > 0) this.counts.expired += draft.expired;
    const leases = evaluation.grants.map((grant) => this.answerGrant(grant, part));
    return leases.filter((lease) => lease !== undefined);
  }

  /**
   * @param part tells in which transaction the lease was made, if that is known
   * @returns the lease if no claim was told of it: to be given back
   */
  answerGrant(
    { item, lease, untilMs, index, claimed }: Grant,
    part: Pick<CursorPart, 'zxid' | 'laterZxid'>,
  ): Lease | undefined {
    const { generation } = this.#state;
    const { zxid, laterZxid } = part;
    // With autoAck the messages are acked already, so this is the only time to deliver them. If their own token is not
    // known, a later one does, from the end of the range, which leases of that later write do not reach.
    const token =
      zxid === undefined
        ? fencingToken(laterZxid, CLAIMS_PER_WRITE_MAX - 1 - index)
        : fencingToken(zxid, index);
    const made = { generation, lease, untilMs, fencingToken: token, messages: claimed };
    if (item.pending.open && (zxid !== undefined || item.spec.autoAck)) {
      item.pending.settle(made);
      return undefined;
    }
    // If the claim still waits, its fencing token can't be told: it gets another lease.
    if (item.pending.open) item.pending.markQueued();
    // Keep a lease under an attemptId: the client may repeat the attempt, and may have been told of the lease by now.
    return item.spec.autoAck || item.spec.attempt !== undefined ? undefined : made;
  }
}

/** The claims of the batch whose time is up, when there is nothing for them. */
function leftWithout(batch: Batch, { exhausted, grants }: Evaluation): ClaimRequest[] {
  if (!exhausted) return [];
  const granted = new Set(grants.map((grant) => grant.item));
  return batch.claims.filter((item) => item.state.isTimeUp && !granted.has(item));
}

function isWorthWriting(evaluation: Evaluation): boolean {
  const { draft, grants } = evaluation;
  if (draft.changed.size === 0) return false;
  if (grants.length > 0 || draft.dead.length > 0 || draft.expired > 0) return true;
  return draft.unwanted >= UNWANTED_UNWRITTEN_MAX || hasSettled(evaluation);
}

function hasSettled({ settled }: Evaluation): boolean {
  for (const { done } of settled.values()) if (done.length > 0) return true;
  return false;
}
