/** Receiving: from a client's request to a claim at a subscription, and from its lease to messages with receipts. */
import { receiptSeal } from '../cursor/identity.ts';
import type { Subscription } from '../cursor/subscription.ts';
import { type ClaimResult, type Lease, receiptsOfLease } from '../cursor/waiting/requests.ts';
import { hashAttempt } from '../model/attempts.ts';
import type { CallSignal } from '../model/call-signal.ts';
import { partlyDone } from '../model/errors.ts';
import type { Outcome, ReceiveRequest, ReceiveResult, SubscriptionRef } from '../model/vocabulary.ts';
import { countReceived, countSettled } from '../runtime/counts.ts';
import type { Engine } from '../topics/engine.ts';
import { receivedMessages } from './received-messages.ts';
import { receiptsOf, settleDecoded } from './settle.ts';

/**
 * Leases messages, or takes them for good, and acks others before. It waits for the first message as long as the request
 * says. Throws BrokerError.
 */
export async function receive(
  engine: Engine,
  source: SubscriptionRef,
  request: ReceiveRequest,
  signal: CallSignal,
): Promise<ReceiveResult> {
  // Refuse before the acks are done, not between them and the claim.
  const endWait = request.waitSeconds > 0 ? engine.runtime.load.wait() : undefined;
  const { timers, counts } = engine.runtime;
  const startMs = timers.monotonicMs();
  try {
    return await engine.directory.useSubscription(source, (_open, subscription) =>
      receiveFrom(subscription, request, signal),
    );
  } finally {
    endWait?.();
    if (endWait !== undefined) counts.receiveWaitSeconds.add((timers.monotonicMs() - startMs) / 1000);
  }
}

async function receiveFrom(
  subscription: Subscription,
  request: ReceiveRequest,
  signal: CallSignal,
): Promise<ReceiveResult> {
  const { ack } = request;
  const receipts = ack && (await receiptsOf(subscription, ack));
  const acking =
    ack && receipts && settleDecoded(subscription, ack, receipts, () => ({ kind: 'ack' }), signal);
  // Claim in the same turn of the event loop as the acks: so both go into the same write.
  const claiming = subscription.claim(
    {
      max: request.max,
      leaseMs: request.leaseSeconds === undefined ? undefined : request.leaseSeconds * 1000,
      waitMs: request.waitSeconds * 1000,
      autoAck: request.autoAck,
      attempt: request.attemptId === undefined ? undefined : hashAttempt(request.attemptId),
      isDeliverable: request.isDeliverable,
    },
    signal,
  );
  const [acked, claimed] = await bothSettled(acking, claiming, (unused) => {
    // Under an attemptId the lease stays: a repeat finds it, perhaps at this very moment.
    if (request.attemptId === undefined) giveBack(subscription, unused);
  });
  const isWithheld = claimed === 'withheld';
  const messages =
    claimed === undefined || isWithheld ? [] : receivedMessages(claimed, receiptSeal(subscription.state));
  const { counts } = subscription.rounds;
  countReceived(counts, messages, request.autoAck);
  if (acked !== undefined) countSettled(counts, 'ack', acked);
  const result = isWithheld ? { messages, isWithheld } : { messages };
  return acked === undefined ? result : { ...result, acked };
}

/** Waits for both. When the acks fail the request fails, and `onUnused` gets the lease that was made for it. */
async function bothSettled(
  acking: Promise<Outcome[]> | undefined,
  claiming: Promise<ClaimResult>,
  onUnused: (lease: Lease) => void,
): Promise<[Outcome[] | undefined, ClaimResult]> {
  const [acked, lease] = await Promise.allSettled([acking, claiming]);
  if (acked.status === 'rejected') {
    const unused = lease.status === 'fulfilled' ? lease.value : undefined;
    if (unused === undefined || unused === 'withheld') throw acked.reason;
    onUnused(unused);
    throw partlyDone(acked.reason);
  }
  if (lease.status === 'rejected') throw acking === undefined ? lease.reason : partlyDone(lease.reason);
  return [acked.value, lease.value];
}

/** Gives back a lease that nobody will learn of. */
function giveBack(subscription: Subscription, lease: Lease): void {
  subscription.settle(receiptsOfLease(lease), () => ({ kind: 'release' })).catch(() => {});
}
