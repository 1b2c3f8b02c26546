/**
 * Transactions: acks of several subscriptions and publishes to several queues and topics in one commit, or nothing.
 *
 * The subscriptions' rounds stand still while it is made, in the order of their names so that two transactions never
 * wait for each other. Whether the targets have room is asked before that: counting has the sources of dead letters
 * bury their dead, which those that stand still would never do. An ack counts only when it takes a message out of the cursor here and now: a receipt that is
 * lost, invalid or already acked aborts all of it. A transactionId is taken in the same commit, together with the
 * answer, so that a repeat at any gateway finds what the first one was told.
 */

import { unavailable } from '../commit/failures.ts';
import { AGAIN, attemptUntilDone } from '../commit/optimistic.ts';
import { assertRoom, type CommitPart, commitParts, tooLarge } from '../commit/parts.ts';
import { readThrough, readWithDeadline } from '../commit/read-through.ts';
import { identityOf } from '../cursor/identity.ts';
import type { Subscription } from '../cursor/subscription.ts';
import { DepthLimit } from '../limits/depth-limit.ts';
import { amountOf, assertFits, type OutgoingMessage, planAppend } from '../log/append-plan.ts';
import { hashId, type RecentIds, type RecentIdsFound } from '../log/recent-ids.ts';
import type { CallSignal } from '../model/call-signal.ts';
import { CommitRoom } from '../model/commit-room.ts';
import { CursorDraft } from '../model/cursor-draft.ts';
import { BrokerError, type BrokerErrorCode } from '../model/errors.ts';
import type { Receipt } from '../model/receipt.ts';
import type { PublishedMessage, TransactionRequest, TransactionResult } from '../model/vocabulary.ts';
import { countPublished } from '../runtime/counts.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Directory, Resolve } from '../topics/directory.ts';
import { type OpenTopic, subscriptionName } from '../topics/open-topic.ts';
import { receiptsOf } from './consuming.ts';
import { outgoingMessages } from './publish.ts';

/** How long a transactionId is remembered. */
export const WINDOW_MS = 300_000;

/** Codes of failures that pass: the same request may succeed a moment later, though nothing that is stored has changed. */
const PASSING: readonly BrokerErrorCode[] = ['unavailable', 'outcome-unknown', 'rate-limited'];

interface Acks {
  readonly subscription: Subscription;
  readonly receipts: readonly Receipt[];
}

interface Publish {
  readonly open: OpenTopic;
  readonly outgoing: readonly OutgoingMessage[];
}

/** All that goes to the same place, in order. */
type ByTarget = ReadonlyMap<OpenTopic, readonly OutgoingMessage[]>;

interface Admitted {
  readonly parts: readonly CommitPart[];
  /** Told only of a transaction that is neither a repeat nor aborted. */
  readonly refusal: BrokerError | undefined;
}

interface Attempt {
  readonly acks: readonly Acks[];
  readonly publishes: readonly Publish[];
  readonly byTarget: ByTarget;
  readonly hash: string | undefined;
  readonly signal: CallSignal;
  readonly depthLimit: Admitted;
  /** The cursors are read anew, behind a barrier. */
  readonly certain: boolean;
}

export class Transactions {
  readonly #runtime: Runtime;
  readonly #directory: Directory;
  readonly #ids: RecentIds;

  constructor(runtime: Runtime, directory: Directory, ids: RecentIds) {
    this.#runtime = runtime;
    this.#directory = directory;
    this.#ids = ids;
  }

  /** Throws BrokerError: 'transaction-aborted' when a receipt does not hold; then nothing was changed. */
  async run(request: TransactionRequest): Promise<TransactionResult> {
    const hash = request.transactionId === undefined ? undefined : hashId(request.transactionId);
    try {
      return await this.#directory.useSeveral((resolve) => this.#run(request, hash, resolve));
    } catch (error) {
      // What speaks against it now may be what it has done itself, by way of another gateway, since its id was looked up.
      const answer = hash !== undefined && isRefused(error) ? await this.#answerTo(hash, true) : undefined;
      if (answer === undefined) throw error;
      return answer;
    }
  }

  async #run(
    request: TransactionRequest,
    hash: string | undefined,
    resolve: Resolve,
  ): Promise<TransactionResult> {
    const answer = hash === undefined ? undefined : await this.#answerTo(hash, false);
    if (answer !== undefined) return answer;
    const acks = await this.#acks(request, resolve);
    const publishes = await this.#publishes(request, resolve);
    const packedBytes = assertFits(publishes.flatMap(({ outgoing }) => outgoing));
    await this.#runtime.dataLimit?.admit(packedBytes);
    const leaveQueue = this.#runtime.load.queue(packedBytes);
    try {
      return await this.#commit(acks, publishes, hash);
    } finally {
      leaveQueue();
    }
  }

  /**
   * What an earlier request with the id was told.
   *
   * @param certain whichever gateway has carried it out by now
   */
  async #answerTo(hash: string, certain: boolean): Promise<TransactionResult | undefined> {
    const found = await readWithDeadline(this.#runtime, async () => {
      if (certain) await this.#runtime.store.barrier();
      return this.#ids.find([hash], WINDOW_MS);
    });
    return repeated(found, hash);
  }

  async #acks(request: TransactionRequest, resolve: Resolve): Promise<Acks[]> {
    const bySubscription = new Map<string, { subscription: Subscription; receipts: Receipt[] }>();
    for (const { source, receipts } of request.acks) {
      const open = await resolve({ kind: source.kind, name: source.name });
      // One object for each, whatever becomes of those that nobody uses meanwhile: its pages are written once.
      const name = `${open.topic.id}/${subscriptionName(source)}`;
      const subscription = open.subscription(subscriptionName(source));
      const known = bySubscription.get(name) ?? { subscription, receipts: [] };
      bySubscription.set(name, known);
      for (const receipt of await receiptsOf(known.subscription, receipts)) {
        if (receipt === undefined) throw aborted('was never one of its subscription');
        known.receipts.push(receipt);
      }
    }
    return [...bySubscription.values()];
  }

  async #publishes(request: TransactionRequest, resolve: Resolve): Promise<Publish[]> {
    const publishes: Publish[] = [];
    for (const { target, messages } of request.publishes) {
      const open = await resolve(target);
      const nowMs = this.#runtime.store.now();
      publishes.push({ open, outgoing: outgoingMessages(messages, open.topic.storage, nowMs) });
    }
    return publishes;
  }

  #holding<Result>(acks: readonly Acks[], work: () => Promise<Result>): Promise<Result> {
    const [first, ...others] = acks;
    if (first === undefined) return work();
    return first.subscription.exclusively(() => this.#holding(others, work));
  }

  async #commit(
    acks: readonly Acks[],
    publishes: readonly Publish[],
    hash: string | undefined,
  ): Promise<TransactionResult> {
    const byTarget = new Map<OpenTopic, OutgoingMessage[]>();
    for (const { open, outgoing } of publishes)
      byTarget.set(open, [...(byTarget.get(open) ?? []), ...outgoing]);
    const ordered = [...acks].sort((a, b) =>
      identityOf(a.subscription.state) < identityOf(b.subscription.state) ? -1 : 1,
    );
    const depthLimits = [...byTarget.keys()].map((open) => open.depthLimit);
    return attemptUntilDone(this.#runtime, async (signal) => {
      const attempting = { acks, publishes, byTarget, hash, signal };
      const outcome = await DepthLimit.inTurns(depthLimits, async () => {
        const depthLimit = await this.#admit(byTarget, signal);
        return this.#holding(ordered, async () => {
          const first = await this.#attempt({ ...attempting, depthLimit, certain: false });
          return first === 'not-held' ? this.#attempt({ ...attempting, depthLimit, certain: true }) : first;
        });
      });
      if (outcome === 'not-held') throw aborted('is lost, or its message is already acked');
      return outcome;
    });
  }

  /** Makes the commit while the subscriptions stand still: nothing here may wait for one of them. */
  async #attempt({ acks, publishes, byTarget, hash, signal, depthLimit, certain }: Attempt) {
    const found =
      hash === undefined
        ? undefined
        : await readThrough(this.#runtime, signal, () => this.#ids.find([hash], WINDOW_MS));
    const known = hash === undefined || found === undefined ? undefined : repeated(found, hash);
    if (known !== undefined) return known;
    const cursors = await this.#draftAcks(acks, certain, signal);
    if (cursors === undefined) return 'not-held';
    if (depthLimit.refusal !== undefined) throw depthLimit.refusal;
    const { parts, answers } = await this.#planPublishes(publishes, byTarget, signal);
    const result: TransactionResult = { publishes: answers.map((messages) => ({ messages })) };
    const marks = hash === undefined || found === undefined ? [] : [this.#take(hash, result, found)];
    const all = [...cursors, ...depthLimit.parts, ...parts, ...marks];
    if (all.length === 0) return result;
    assertRoom(this.#runtime, all);
    if ((await commitParts(this.#runtime, all, signal)) !== 'applied') return AGAIN;
    for (const { subscription, receipts } of acks) {
      subscription.rounds.counts.acked += receipts.length;
      subscription.wake();
    }
    publishes.forEach(({ open }, index) => void countPublished(open.counts, answers[index] ?? []));
    return result;
  }

  /** The parts that take the acked messages out of their cursors; undefined when a receipt does not hold. */
  async #draftAcks(
    acks: readonly Acks[],
    certain: boolean,
    signal: CallSignal,
  ): Promise<CommitPart[] | undefined> {
    const parts: CommitPart[] = [];
    for (const { subscription, receipts } of acks) {
      const { state, rounds } = subscription;
      await rounds.turns.next();
      await readThrough(this.#runtime, signal, () => rounds.look(certain));
      const draft = await readThrough(this.#runtime, signal, async () => {
        for (;;) {
          const { store } = this.#runtime;
          const made = new CursorDraft(state, store.now(), new CommitRoom(store.packet, false));
          const settled = receipts.map((receipt) => made.settle(receipt, { kind: 'ack' }));
          if (made.missing.length === 0) {
            if (settled.some(({ kind }) => kind === 'full')) throw tooLarge();
            return settled.every(({ kind }) => kind === 'ok') ? made : undefined;
          }
          await rounds.reader.loadMissing(made.missing, false);
        }
      });
      if (draft === undefined) return undefined;
      if (draft.changed.size > 0) parts.push(rounds.writer.part(draft, new Map()));
    }
    return parts;
  }

  /** Whether the targets have room, and what is to be committed with that. */
  async #admit(byTarget: ByTarget, signal: CallSignal): Promise<Admitted> {
    if (signal.aborted) throw unavailable(undefined);
    const admitted = await Promise.all(
      [...byTarget].map(async ([open, outgoing]) => {
        const ticket = await readThrough(this.#runtime, signal, () => open.depthLimit.begin());
        const { messages, bytes } = await readThrough(this.#runtime, signal, () => amountOf(open, outgoing));
        const refusal = messages === 0 ? undefined : ticket.refusal(messages, bytes);
        return { parts: ticket.parts, refusal };
      }),
    );
    const refusal = admitted.find((each) => each.refusal !== undefined)?.refusal;
    return { parts: admitted.flatMap(({ parts }) => parts), refusal };
  }

  async #planPublishes(publishes: readonly Publish[], byTarget: ByTarget, signal: CallSignal) {
    const parts: CommitPart[] = [];
    const answered = new Map<OpenTopic, PublishedMessage[]>();
    for (const [open, outgoing] of byTarget) {
      const plan = await readThrough(this.#runtime, signal, () => planAppend(open, outgoing));
      parts.push(...plan.parts);
      answered.set(open, [...plan.answers]);
    }
    const answers = publishes.map(({ open, outgoing }) =>
      (answered.get(open) ?? []).splice(0, outgoing.length),
    );
    return { parts, answers };
  }

  /** The answer goes with the id; that it is there after a lost answer tells that all of it was done. */
  #take(hash: string, result: TransactionResult, found: RecentIdsFound): CommitPart {
    return this.#ids.take(new Map([[hash, result]]), WINDOW_MS, found);
  }
}

function repeated({ values }: RecentIdsFound, hash: string): TransactionResult | undefined {
  const answer = values.get(hash) as TransactionResult | undefined;
  return answer && { ...answer, duplicate: true };
}

/** For what is stored, not for want of a connection or of time. */
function isRefused(error: unknown): boolean {
  return error instanceof BrokerError && !PASSING.includes(error.code);
}

function aborted(why: string): BrokerError {
  return new BrokerError('transaction-aborted', `Nothing was changed: a receipt ${why}.`);
}
