/**
 * The acks of a transaction. One counts only if it takes its message out of the cursor in this very commit: a receipt
 * that is lost, invalid or already acked aborts the whole transaction.
 */

import { type CommitPart, tooLarge } from '../commit/parts.ts';
import { readThrough } from '../commit/read-through.ts';
import { identityOf } from '../cursor/identity.ts';
import type { Subscription } from '../cursor/subscription.ts';
import type { CallSignal } from '../model/call-signal.ts';
import { CommitRoom } from '../model/commit-room.ts';
import { CursorDraft } from '../model/cursor-draft.ts';
import { BrokerError } from '../model/errors.ts';
import type { Receipt } from '../model/receipt.ts';
import type { TransactionRequest } from '../model/vocabulary.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Resolve } from '../topics/directory.ts';
import { subscriptionName } from '../topics/open-topic.ts';
import { receiptsOf } from './settle.ts';

/** The acks of a transaction in one subscription. */
export interface Acks {
  readonly subscription: Subscription;
  readonly receipts: readonly Receipt[];
}

/** Throws BrokerError 'transaction-aborted' for a receipt that was never one of its subscription. */
export async function resolveAcks(request: TransactionRequest, resolve: Resolve): Promise<Acks[]> {
  const bySubscription = new Map<string, { subscription: Subscription; receipts: Receipt[] }>();
  for (const { source, receipts } of request.acks) {
    const open = await resolve({ kind: source.kind, name: source.name });
    // The first object stands for the subscription from here on, even if the topic forgets it meanwhile and makes another:
    // two of them would each write its pages.
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

/** Does something while the subscriptions stand still: in one order, so that two transactions never wait for each other. */
export function whileStandingStill<Result>(
  acks: readonly Acks[],
  work: () => Promise<Result>,
): Promise<Result> {
  const ordered = [...acks].sort((a, b) =>
    identityOf(a.subscription.state) < identityOf(b.subscription.state) ? -1 : 1,
  );
  return ordered.reduceRight(
    (next, { subscription }) =>
      () =>
        subscription.exclusively(next),
    work,
  )();
}

/**
 * The parts that take the acked messages out of their cursors.
 *
 * @param certain read the cursors anew, behind a barrier
 * @returns undefined when a receipt does not hold
 */
export async function draftAcks(
  runtime: Runtime,
  acks: readonly Acks[],
  certain: boolean,
  signal: CallSignal,
): Promise<CommitPart[] | undefined> {
  const parts: CommitPart[] = [];
  for (const { subscription, receipts } of acks) {
    const { state, rounds } = subscription;
    await rounds.turns.next();
    await readThrough(runtime, signal, () => rounds.look(certain));
    const draft = await readThrough(runtime, signal, async () => {
      for (;;) {
        const { store } = runtime;
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

/** A receipt does not hold, and so nothing of the transaction is done. */
export function aborted(why: string): BrokerError {
  return new BrokerError('transaction-aborted', `Nothing was changed: a receipt ${why}.`);
}
