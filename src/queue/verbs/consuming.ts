/**
 * Receiving and settling, in the terms of the face: receipts as text, durations in seconds. Which messages, and whose
 * they are, is the subscriptions' business.
 */

import { AGAIN, attemptUntilDone } from '../commit/optimistic.ts';
import { readThrough, readWithDeadline } from '../commit/read-through.ts';
import { receiptSeal } from '../cursor/identity.ts';
import { inspect } from '../cursor/inspection.ts';
import { positionsOf, restart } from '../cursor/restart.ts';
import type { Subscription } from '../cursor/subscription.ts';
import { type ClaimResult, type Lease, receiptsOfLease } from '../cursor/waiting/requests.ts';
import type { EntryCache } from '../log/entry-cache.ts';
import { ScheduleReader } from '../log/schedule-reader.ts';
import { hashAttempt } from '../model/attempts.ts';
import type { CallSignal } from '../model/call-signal.ts';
import type { Settlement } from '../model/cursor-draft.ts';
import { afterwards, partlyDone } from '../model/errors.ts';
import { decodeReceipt, type Receipt } from '../model/receipt.ts';
import type {
  MessageState,
  Outcome,
  Page,
  PageRequest,
  PeekedMessage,
  ReceiveRequest,
  ReceiveResult,
  SeekTarget,
  SettleAction,
  SubscriptionRef,
} from '../model/vocabulary.ts';
import { countReceived, countSettled } from '../runtime/counts.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Directory } from '../topics/directory.ts';
import { type OpenTopic, subscriptionName } from '../topics/open-topic.ts';
import type { Trash } from '../topics/trash.ts';
import { cursorName } from '../zookeeper/paths.ts';
import { peekAt } from './peek.ts';
import { receivedMessages } from './received-messages.ts';

export class Consuming {
  readonly #runtime: Runtime;
  readonly #entries: EntryCache;
  readonly #directory: Directory;
  readonly #trash: Trash;

  constructor(runtime: Runtime, entries: EntryCache, directory: Directory, trash: Trash) {
    this.#runtime = runtime;
    this.#entries = entries;
    this.#directory = directory;
    this.#trash = trash;
  }

  async receive(
    source: SubscriptionRef,
    request: ReceiveRequest,
    signal: CallSignal,
  ): Promise<ReceiveResult> {
    // Before its acks, or a refusal would leave half of it done.
    const endWait = request.waitSeconds > 0 ? this.#runtime.load.wait() : undefined;
    const { timers, counts } = this.#runtime;
    const startMs = timers.monotonicMs();
    try {
      return await this.#use(source, (_open, subscription) =>
        this.#receiveFrom(subscription, request, signal),
      );
    } finally {
      endWait?.();
      if (endWait !== undefined) counts.receiveWaitSeconds.add((timers.monotonicMs() - startMs) / 1000);
    }
  }

  async #receiveFrom(
    subscription: Subscription,
    request: ReceiveRequest,
    signal: CallSignal,
  ): Promise<ReceiveResult> {
    const { ack } = request;
    const receipts = ack && (await receiptsOf(subscription, ack));
    const acking =
      ack && receipts && settleDecoded(subscription, ack, receipts, () => ({ kind: 'ack' }), signal);
    // Claimed in the same turn of the event loop, and so in the same write.
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
      // Under an attemptId it stays for the repeat, which may be told of it at the same moment.
      if (request.attemptId === undefined) release(subscription, unused);
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

  async release(source: SubscriptionRef, receipts: readonly string[]): Promise<void> {
    await this.#use(source, (_open, subscription) =>
      settleAll(subscription, receipts, () => ({ kind: 'release' }), undefined),
    );
  }

  async settle(
    source: SubscriptionRef,
    action: SettleAction,
    receipts: readonly string[],
    signal: CallSignal,
  ): Promise<Outcome[]> {
    const settlement = settlementOf(action);
    return this.#use(source, async (_open, subscription) => {
      const outcomes = await settleAll(subscription, receipts, settlement, signal);
      countSettled(subscription.rounds.counts, action.kind, outcomes);
      return outcomes;
    });
  }

  async peek(
    source: SubscriptionRef,
    request: PageRequest & { state?: MessageState },
  ): Promise<Page<PeekedMessage>> {
    return this.#use(source, (open, subscription) =>
      readWithDeadline(this.#runtime, async () => {
        const inspection = await open.inspect(subscription.name);
        const reader = new ScheduleReader(this.#runtime.store, this.#entries, open.topic.id);
        return peekAt(inspection, this.#entries, reader, request);
      }),
    );
  }

  /** Everything stored before is gone: also what waits for its time. */
  async purge(source: SubscriptionRef): Promise<void> {
    await this.#use(source, async (open, subscription) => {
      const { schedule } = open;
      // A queue's schedule is its own; a topic's is for its other subscriptions too.
      if (source.kind === 'queue') {
        const cleared = await schedule.clear((path) => this.#trash.removeTree(path));
        const restart = () => this.#restart(open, subscription, { kind: 'latest' });
        await (cleared ? afterwards(restart) : restart());
        return;
      }
      await readWithDeadline(this.#runtime, () => schedule.moveDue(true));
      await this.#restart(open, subscription, { kind: 'latest' }, schedule.changes);
    });
  }

  /** Starts the subscription anew; every older receipt is lost. */
  async seek(source: SubscriptionRef, target: SeekTarget): Promise<void> {
    await this.#use(source, (open, subscription) => this.#restart(open, subscription, target));
  }

  async #restart(
    open: OpenTopic,
    subscription: Subscription,
    target: SeekTarget,
    purgedSchedule?: number,
  ): Promise<void> {
    const { topic, trimmer } = open;
    const before = await attemptUntilDone(this.#runtime, async (signal) => {
      const { inspection, start } = await readThrough(this.#runtime, signal, async () => {
        await this.#runtime.store.barrier();
        const found = await inspect(this.#runtime, this.#entries, topic, subscription.name);
        return { inspection: found, start: await positionsOf(this.#runtime.store, topic, target) };
      });
      return (await restart(this.#runtime, inspection.state, start, target, purgedSchedule, signal))
        ? inspection.state
        : AGAIN;
    });
    this.#trash.removeCursor(topic.id, cursorName(subscription.name, before.generation));
    subscription.noteChanged();
    for (const log of topic.logs) trimmer.considerFrom(log.level, log.last);
  }

  #use<Result>(
    source: SubscriptionRef,
    act: (open: OpenTopic, subscription: Subscription) => Promise<Result>,
  ): Promise<Result> {
    const ref = { kind: source.kind, name: source.name };
    const name = subscriptionName(source);
    return this.#directory.use(ref, (open) => open.use(name, (subscription) => act(open, subscription)));
  }
}

async function settleAll(
  subscription: Subscription,
  texts: readonly string[],
  settlement: (nowMs: number) => Settlement,
  signal: CallSignal | undefined,
): Promise<Outcome[]> {
  return settleDecoded(subscription, texts, await receiptsOf(subscription, texts), settlement, signal);
}

/** Hands the settlements over before it first waits for anything. */
async function settleDecoded(
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
    // Looking has shown whose it is: the subscription may have been made anew since the receipt was taken for its own.
    const isKnown = outcome !== 'lost' || !subscription.state.exists;
    const isForeign = !isKnown && decodeReceipt(receipt, receiptSeal(subscription.state)) === undefined;
    return { receipt, outcome: isForeign ? 'invalid' : outcome };
  });
}

/** The receipts behind the texts; undefined for what was never one of the subscription, which is made certain of. */
export async function receiptsOf(
  subscription: Subscription,
  texts: readonly string[],
): Promise<(Receipt | undefined)[]> {
  const decode = () => texts.map((text) => decodeReceipt(text, receiptSeal(subscription.state)));
  await subscription.look(false);
  const receipts = decode();
  if (!receipts.includes(undefined)) return receipts;
  // It may have been deleted, and made anew, without this gateway's having noticed.
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

/** Both results; when the acks fail the request fails, and a lease made for it is given back. */
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
function release(subscription: Subscription, lease: Lease): void {
  subscription.settle(receiptsOfLease(lease), () => ({ kind: 'release' })).catch(() => {});
}
