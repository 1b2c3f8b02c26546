/** Settling: from a client's receipts and durations in seconds to settlements, and back to one outcome a receipt. */
import { receiptSeal } from '../cursor/identity.ts';
import type { Subscription } from '../cursor/subscription.ts';
import type { CallSignal } from '../model/call-signal.ts';
import type { Settlement } from '../model/cursor-draft.ts';
import { decodeReceipt, type Receipt } from '../model/receipt.ts';
import type { Outcome, SettleAction, SubscriptionRef } from '../model/vocabulary.ts';
import { countSettled } from '../runtime/counts.ts';
import type { Engine } from '../topics/engine.ts';

/** Gives leases back at once, without counting the delivery. Throws BrokerError. */
export async function release(
  engine: Engine,
  source: SubscriptionRef,
  receipts: readonly string[],
): Promise<void> {
  await engine.directory.useSubscription(source, (_open, subscription) =>
    settleAll(subscription, receipts, () => ({ kind: 'release' }), undefined),
  );
}

/** Acks, nacks, extends or rejects. @returns one outcome for each receipt, in their order. Throws BrokerError */
export async function settle(
  engine: Engine,
  source: SubscriptionRef,
  action: SettleAction,
  receipts: readonly string[],
  signal: CallSignal,
): Promise<Outcome[]> {
  const settlement = settlementOf(action);
  return engine.directory.useSubscription(source, async (_open, subscription) => {
    const outcomes = await settleAll(subscription, receipts, settlement, signal);
    countSettled(subscription.rounds.counts, action.kind, outcomes);
    return outcomes;
  });
}

async function settleAll(
  subscription: Subscription,
  texts: readonly string[],
  settlement: (nowMs: number) => Settlement,
  signal: CallSignal | undefined,
): Promise<Outcome[]> {
  return settleDecoded(subscription, texts, await receiptsOf(subscription, texts), settlement, signal);
}

/** Settles receipts that `receiptsOf` has decoded. It hands them over before it first waits for anything. */
export async function settleDecoded(
  subscription: Subscription,
  texts: readonly string[],
  receipts: readonly (Receipt | undefined)[],
  settlement: (nowMs: number) => Settlement,
  signal: CallSignal | undefined,
): Promise<Outcome[]> {
  const valid = receipts.filter((receipt): receipt is Receipt => receipt !== undefined);
  const outcomes = await subscription.settle(valid, settlement, signal);
  let next = 0;
  return texts.map((receipt, index): Outcome => {
    if (receipts[index] === undefined) return { receipt, outcome: 'invalid' };
    const outcome = outcomes[next] ?? 'lost';
    next += 1;
    // A lost receipt may belong to another subscription after all: since it was decoded, this one may have been deleted and
    // made anew, which settling has found out.
    const isKnown = outcome !== 'lost' || !subscription.state.exists;
    const isForeign = !isKnown && decodeReceipt(receipt, receiptSeal(subscription.state)) === undefined;
    return { receipt, outcome: isForeign ? 'invalid' : outcome };
  });
}

/** Decodes receipts. Undefined, for certain, for a text that was never a receipt of this subscription. */
export async function receiptsOf(
  subscription: Subscription,
  texts: readonly string[],
): Promise<(Receipt | undefined)[]> {
  const decode = () => texts.map((text) => decodeReceipt(text, receiptSeal(subscription.state)));
  await subscription.look(false);
  const receipts = decode();
  if (!receipts.includes(undefined)) return receipts;
  // The subscription may have been deleted and made anew, and this gateway not have noticed.
  await subscription.look(true);
  return decode();
}

function settlementOf(action: SettleAction): (nowMs: number) => Settlement {
  switch (action.kind) {
    case 'ack':
      return () => ({ kind: 'ack' });
    case 'nack':
      return (nowMs) => ({
        kind: 'nack',
        dueMs: action.delaySeconds > 0 ? Math.round(nowMs + action.delaySeconds * 1000) : 0,
      });
    case 'extend':
      return (nowMs) => ({ kind: 'extend', untilMs: Math.round(nowMs + action.leaseSeconds * 1000) });
    case 'reject':
      return () => ({ kind: 'reject', detail: action.reason });
  }
}
