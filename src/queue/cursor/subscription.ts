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
 * everything that could bring them a message is watched, a timer runs to the earliest end of a lease, and now and
 * then they look without any reason, should a hint have been lost.
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
import { type Batch, takeBatch } from './batch.ts';
import { CursorState } from './cursor-state.ts';
import { HandOffs } from './hand-off.ts';
import { Identity } from './identity.ts';
import { Rounds } from './round.ts';
import type { SubscriptionSurroundings } from './surroundings.ts';
import { LastLooks } from './waiting/last-looks.ts';
import { ParkedClaims } from './waiting/parked-claims.ts';
import {
  ClaimItem,
  type ClaimResult,
  type ClaimSpec,
  type Returnable,
  receiptsOfLease,
  type SettleOutcome,
  SettleRequest,
} from './waiting/requests.ts';

export class Subscription {
  readonly topic: Topic;
  readonly name: string;
  /** For those who work on the cursor in `exclusively`. */
  readonly state: CursorState;
  readonly identity: Identity;
  readonly rounds: Rounds;
  readonly #runtime: Runtime;
  readonly #surroundings: SubscriptionSurroundings;
  readonly #parked: ParkedClaims;
  readonly #settles = new Set<SettleRequest>();
  readonly #claims = new Set<ClaimItem>();
  readonly #buryings = new Set<Pending<void>>();
  readonly #exclusives: (() => Promise<void>)[] = [];
  readonly #lastLooks: LastLooks;
  readonly #handOffs: HandOffs;
  #followers = 0;
  #running = false;
  /** There may be something to do: set by every hint, cleared when a look has found nothing. */
  #awake = true;
  #draining = false;

  constructor(
    runtime: Runtime,
    cache: EntryCache,
    topic: Topic,
    name: string,
    surroundings: SubscriptionSurroundings,
  ) {
    this.#runtime = runtime;
    this.topic = topic;
    this.name = name;
    this.#surroundings = surroundings;
    const { onFinished } = surroundings;
    this.state = new CursorState(cache, topic, name, (foreign) => this.#onHint(foreign), onFinished);
    this.rounds = new Rounds(runtime, cache, this.state, surroundings.deadLetters, (level, segment) =>
      surroundings.onFinished(level, segment),
    );
    this.identity = new Identity(this.state);
    this.#handOffs = new HandOffs(runtime, this.state, this.rounds);
    this.#lastLooks = new LastLooks(
      () => surroundings.prepareEmpty(),
      () => this.#kick(),
    );
    this.#parked = new ParkedClaims(runtime, this.state, this.rounds.reader, () => this.wake());
  }

  /** Looks at the subscription: at all, or anew behind a barrier. Throws BrokerError. */
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
    const waiting = this.#draining ? { ...spec, waitMs: 0 } : spec;
    const onSettled = (settled: ClaimItem) => {
      this.#claims.delete(settled);
      if (this.#claims.size === 0) this.#surroundings.onWaiting(false);
    };
    const item: ClaimItem = new ClaimItem(this.#runtime, waiting, signal, () => this.#kick(), onSettled);
    if (item.pending.open) this.#claims.add(item);
    // What is known may be old, when nobody has waited and so nothing was watched.
    this.wake();
    return item.pending.promise;
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
    if (this.#running || this.#draining) return undefined;
    const part = this.#handOffs.part(this.#claims, entries, roomBytes, (unused) => this.#endHandOff(unused));
    if (part === undefined) return undefined;
    this.#running = true;
    this.#parked.stop();
    return part;
  }

  #endHandOff(unused: readonly Returnable[]): void {
    this.#running = false;
    for (const lease of unused) this.#giveBack(lease);
    this.#kick();
    if (!this.#running) this.#rest();
  }

  /** Something may have become claimable. */
  wake(): void {
    this.#awake = true;
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
    this.#draining = true;
    for (const item of [...this.#claims]) if (!item.isFinal) item.pending.settle(undefined);
    this.#parked.end();
  }

  close(): void {
    this.drain();
    const error = new BrokerError('unavailable', 'This gateway is shutting down.');
    for (const pending of [...this.#claims, ...this.#settles].map((item) => item.pending))
      pending.fail(error);
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

  #onHint(foreign: boolean): void {
    if (foreign) this.wake();
    if (!this.#running) this.#rest();
  }

  #kick(): void {
    if (this.#running || !this.#hasWork()) return;
    this.#running = true;
    // Requests of one turn of the event loop, such as the acks and the claim of one receive, share a write.
    queueMicrotask(() => void this.#run());
  }

  #hasWork(): boolean {
    if (this.#settles.size > 0 || this.#buryings.size > 0 || this.#exclusives.length > 0) return true;
    if (this.#awake && (this.#claims.size > 0 || this.#followers > 0)) return true;
    return [...this.#claims].some((item) => item.isDue);
  }

  async #run(): Promise<void> {
    this.#parked.stop();
    while (this.#hasWork()) {
      for (const exclusive of this.#exclusives.splice(0)) await exclusive();
      await this.rounds.turns.next();
      const buryings = [...this.#buryings];
      const batch = takeBatch(this.#settles, this.#claims, this.#awake);
      this.#awake = false;
      try {
        const items = [...batch.settles, ...batch.claims];
        const certain = buryings.length > 0 || items.some((item) => item.unsure);
        // Those that are prepared were so behind a barrier; for all others one is still to come.
        const isBehindBarrier = buryings.length === 0 && batch.settles.length === 0;
        const isAwaited = () => this.#settles.size + this.#exclusives.length > batch.settles.length;
        const { more, unused } = await this.rounds.run(batch, certain, isBehindBarrier, isAwaited);
        if (more) this.#awake = true;
        else for (const pending of buryings) pending.settle();
        for (const lease of unused) this.#giveBack(lease);
        this.#lastLooks.prepare(this.#claims);
      } catch (error) {
        this.state.seenLogs.forget();
        for (const pending of buryings) pending.fail(error as Error);
        this.#fail(batch, error as Error);
      }
    }
    this.#running = false;
    this.rounds.drafting.release();
    this.#rest();
  }

  /** What waits for the ensemble fails, as does what may have been leased; who waits for a message goes on. */
  #fail(batch: Batch, error: Error): void {
    const operating = error instanceof BrokerError && error.code !== 'not-found';
    for (const item of batch.settles) item.pending.fail(error);
    for (const item of batch.claims) {
      if (!operating || item.isFinal || item.pending.sent) item.pending.fail(error);
    }
    if (error instanceof BrokerError) {
      if (!operating) for (const item of [...this.#claims]) item.pending.fail(error);
      return;
    }
    const fields = { err: error, topic: this.topic.name, subscription: this.name };
    this.#runtime.logger.error(fields, 'a cursor round failed');
  }

  #giveBack(lease: Returnable): void {
    this.#enqueueSettle(receiptsOfLease(lease), () => ({ kind: 'release' })).pending.promise.catch(() => {});
  }

  #rest(): void {
    const waiting = this.#claims.size > 0;
    const used = waiting || this.#followers > 0;
    if (this.#draining || !used) this.#parked.stop();
    else this.#parked.start();
    if (waiting) this.#surroundings.onWaiting(true);
    // Its watch has told, and nothing more would tell that it is deleted.
    if (!used && this.state.recordPart.stale) this.#surroundings.onUnused();
  }
}
