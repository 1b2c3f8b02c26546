/**
 * One subscription at one gateway: what waits for its next write, and the loop that runs a round whenever there is
 * something to do.
 *
 *     requests --> [settles] [claims] --> round: one commit for all that has gathered --> answers
 *                      ^                     | nothing to give
 *                      '------ wake ---- claims stay parked, watching
 *
 * One write is under way at a time (group commit). An answer that changes nothing ("there is no message", "you no
 * longer hold this") is given only after the cursor was read again behind a barrier. While claims are parked,
 * everything that could bring them a message is watched, and a timer runs to the earliest end of a lease. They also
 * look again now and then, in case a watch was lost.
 */

import type { CommitPart } from '../commit/parts.ts';
import { Pending } from '../commit/pending.ts';
import type { EntryCache } from '../log/entry-cache.ts';
import type { LevelEntries } from '../log/level-entries.ts';
import type { Topic } from '../log/topic.ts';
import type { CallSignal } from '../model/call-signal.ts';
import type { Settlement } from '../model/cursor-draft.ts';
import { BrokerError } from '../model/errors.ts';
import type { Receipt } from '../model/receipt.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { CursorState } from './cursor-state.ts';
import { HandOffs } from './hand-off.ts';
import { Rounds } from './round.ts';
import type { SubscriptionHost } from './subscription-host.ts';
import { type Batch, takeBatch } from './waiting/batch.ts';
import {
  type ClaimResult,
  type ClaimSpec,
  type Returnable,
  receiptsOfLease,
  type SettleOutcome,
  SettleRequest,
} from './waiting/requests.ts';
import {
  began,
  beganDraining,
  beganHandOff,
  cameToRest,
  heardNews,
  isAtRest,
  mayHandOff,
  NEW_LOOP,
  tookNews,
} from './waiting/states.ts';
import { WaitingClaims } from './waiting/waiting-claims.ts';
import { WakeUps } from './waiting/wake-ups.ts';

export class Subscription {
  readonly topic: Topic;
  readonly name: string;
  /** For those who work on the cursor in `exclusively`. */
  readonly state: CursorState;
  readonly rounds: Rounds;
  readonly #runtime: Runtime;
  readonly #host: SubscriptionHost;
  readonly #wakeUps: WakeUps;
  readonly #settles = new Set<SettleRequest>();
  readonly #claims: WaitingClaims;
  readonly #buryings = new Set<Pending<void>>();
  readonly #exclusives: (() => Promise<void>)[] = [];
  readonly #handOffs: HandOffs;
  #followers = 0;
  #loop = NEW_LOOP;

  constructor(runtime: Runtime, cache: EntryCache, topic: Topic, name: string, host: SubscriptionHost) {
    this.#runtime = runtime;
    this.topic = topic;
    this.name = name;
    this.#host = host;
    const onFinished = (level: number, segment: number) => host.onFinished(level, segment);
    this.state = new CursorState(cache, topic, name, (foreign) => this.#onWatchFired(foreign), onFinished);
    this.rounds = new Rounds(runtime, cache, this.state, host.deadLetters, onFinished);
    this.#handOffs = new HandOffs(runtime, this.state, this.rounds);
    this.#claims = new WaitingClaims(runtime, {
      bringIn: () => host.bringIn(),
      onDue: () => this.#kick(),
      onEmpty: () => host.onWaiting(false),
    });
    this.#wakeUps = new WakeUps(runtime, this.state, this.rounds.reader, () => this.wake());
  }

  /** Loads the subscription if it is not loaded; if `certain`, reads it again behind a barrier. Throws BrokerError. */
  async look(certain: boolean): Promise<void> {
    if (!certain && this.state.exists) return;
    await this.exclusively(() => this.rounds.lookWithin(certain));
  }

  /** One outcome for each receipt, in order. Throws BrokerError. */
  async settle(
    receipts: readonly Receipt[],
    settlement: (nowMs: number) => Settlement,
    signal?: CallSignal,
  ): Promise<SettleOutcome[]> {
    if (receipts.length === 0) return [];
    const request = this.#enqueueSettle(receipts, settlement, signal);
    this.#kick();
    return request.result();
  }

  /**
   * Leases messages, waiting for the first as long as the spec says. Undefined when there was none. Throws BrokerError.
   * Once the lease is made it is the caller's, also when the signal has aborted meanwhile.
   */
  claim(spec: ClaimSpec, signal: CallSignal): Promise<ClaimResult> {
    const isOpen = this.#loop.door === 'open';
    const { pending } = this.#claims.add(isOpen ? spec : { ...spec, waitMs: 0 }, signal);
    // What this gateway knows may be old: as long as nobody waited, it watched nothing.
    this.wake();
    return pending.promise;
  }

  /** Buries what is dead by now, for somebody who is about to look. Throws BrokerError. */
  bury(): Promise<void> {
    const { timers, requestTimeoutMs } = this.#runtime;
    const pending = new Pending<void>(timers, requestTimeoutMs, undefined, () =>
      this.#buryings.delete(pending),
    );
    this.#buryings.add(pending);
    this.#kick();
    return pending.promise;
  }

  /** Runs `work` while no round is under way and none begins: for commits that include this cursor's pages. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#exclusives.push(() => work().then(resolve, reject));
      this.#kick();
    });
  }

  /** Buries what dies, when it dies, until told otherwise: somebody waits for the dead letters. */
  follow(): void {
    this.#followers += 1;
    this.wake();
  }

  unfollow(): void {
    this.#followers -= 1;
  }

  /**
   * Leases what is about to be appended to those who wait, in the same commit. The part is to be committed at once.
   *
   * @param roomBytes what is left of that commit
   * @returns undefined when nobody waits for it, or a round is under way
   */
  handOff(entries: LevelEntries, roomBytes: number): CommitPart | undefined {
    if (!mayHandOff(this.#loop)) return undefined;
    const part = this.#handOffs.part(this.#claims, entries, roomBytes, (unused) => this.#endHandOff(unused));
    if (part === undefined) return undefined;
    this.#loop = beganHandOff(this.#loop);
    this.#wakeUps.stop();
    return part;
  }

  #endHandOff(unused: readonly Returnable[]): void {
    this.#loop = cameToRest(this.#loop, false);
    for (const lease of unused) this.#giveBack(lease);
    this.#kick();
    if (isAtRest(this.#loop)) this.#rest();
  }

  /** Something may have become claimable. */
  wake(): void {
    this.#loop = heardNews(this.#loop);
    this.#kick();
  }

  /** This gateway is about to append to the log, or has done so, or has not. */
  noteAppend(event: 'appending' | 'appended' | 'not-appended'): void {
    this.state.noteAppend(event);
    if (event === 'appended') this.wake();
  }

  /** The topic's or the subscription's configuration, or its start, may have changed. */
  noteChanged(): void {
    this.state.recordPart.stale = true;
    this.wake();
  }

  /** Answers all that wait for a message with none, and lets nobody wait any more. */
  drain(): void {
    this.#loop = beganDraining(this.#loop);
    this.#claims.sendAway();
    this.#wakeUps.end();
  }

  close(): void {
    this.drain();
    const error = new BrokerError('unavailable', 'This gateway is shutting down.');
    this.#claims.fail(error);
    for (const { pending } of [...this.#settles]) pending.fail(error);
  }

  #enqueueSettle(
    receipts: readonly Receipt[],
    settlement: (nowMs: number) => Settlement,
    signal?: CallSignal,
  ): SettleRequest {
    const request: SettleRequest = new SettleRequest(this.#runtime, receipts, settlement, signal, (settled) =>
      this.#settles.delete(settled),
    );
    if (request.pending.open) this.#settles.add(request);
    return request;
  }

  /** A node of the cursor or of the log has changed. What this gateway wrote itself is no news, but needs a new watch. */
  #onWatchFired(foreign: boolean): void {
    if (foreign) this.wake();
    if (isAtRest(this.#loop)) this.#rest();
  }

  #kick(): void {
    if (!isAtRest(this.#loop) || !this.#hasWork()) return;
    this.#loop = began(this.#loop);
    // Requests of one turn of the event loop, such as the acks and the claim of one receive, share a write.
    queueMicrotask(() => void this.#run());
  }

  #hasWork(): boolean {
    if (this.#settles.size > 0 || this.#buryings.size > 0 || this.#exclusives.length > 0) return true;
    return (this.#loop.news === 'unseen' && this.#hasWaiters()) || this.#claims.hasDue();
  }

  /** Somebody waits for messages, or for dead letters from here. */
  #hasWaiters(): boolean {
    return this.#claims.size > 0 || this.#followers > 0;
  }

  async #run(): Promise<void> {
    this.#wakeUps.stop();
    while (this.#hasWork()) {
      for (const exclusive of this.#exclusives.splice(0)) await exclusive();
      await this.rounds.turns.next();
      const buryings = [...this.#buryings];
      const batch = takeBatch(this.#settles, this.#claims, this.#loop.news === 'unseen');
      this.#loop = tookNews(this.#loop);
      try {
        const isConfirming =
          batch.settles.some(({ step }) => step === 'confirming') ||
          batch.claims.some(({ state }) => state.step === 'confirming');
        const certain = buryings.length > 0 || isConfirming;
        // Messages were gathered for a claim behind a barrier. All others still need one.
        const isBehindBarrier = buryings.length === 0 && batch.settles.length === 0;
        const othersWaitForRound = () => this.#settles.size + this.#exclusives.length > batch.settles.length;
        const { more, unused } = await this.rounds.run(batch, certain, isBehindBarrier, othersWaitForRound);
        if (more) this.#loop = heardNews(this.#loop);
        else for (const pending of buryings) pending.settle();
        for (const lease of unused) this.#giveBack(lease);
        this.#claims.gather();
      } catch (error) {
        this.state.lookedAtEnds = undefined;
        for (const pending of buryings) pending.fail(error as Error);
        this.#fail(batch, error as Error);
      }
    }
    this.rounds.drafting.release();
    this.#rest();
  }

  /** Fails what waited for the ensemble, and what may have been leased. A claim with time left waits on for a message. */
  #fail(batch: Batch, error: Error): void {
    const mayRecover = error instanceof BrokerError && error.code !== 'not-found';
    for (const item of batch.settles) item.pending.fail(error);
    for (const item of batch.claims) {
      if (!mayRecover || item.state.isTimeUp || item.pending.sent) item.pending.fail(error);
    }
    if (error instanceof BrokerError) {
      if (!mayRecover) this.#claims.fail(error);
      return;
    }
    const fields = { err: error, topic: this.topic.name, subscription: this.name };
    this.#runtime.logger.error(fields, 'a cursor round failed');
  }

  #giveBack(lease: Returnable): void {
    this.#enqueueSettle(receiptsOfLease(lease), () => ({ kind: 'release' })).pending.promise.catch(() => {});
  }

  #rest(): void {
    const hasWaiters = this.#hasWaiters();
    this.#loop = cameToRest(this.#loop, hasWaiters);
    if (this.#loop.phase === 'parked') this.#wakeUps.start();
    else this.#wakeUps.stop();
    if (this.#claims.size > 0) this.#host.onWaiting(true);
    // The record's watch has fired, and nobody sets it again: without this a deleted subscription would stay in memory.
    if (!hasWaiters && this.state.recordPart.stale) this.#host.onUnused();
  }
}
