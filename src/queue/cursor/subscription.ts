/**
 * One subscription at one gateway: the loop that turns waiting requests into writes of cursor pages.
 *
 *     requests --> [settles] [claims] --> evaluate on the loaded cursor --> one commit --> answers
 *                      ^                        | nothing to give              | lost: look again, evaluate again
 *                      |                        v                              |
 *                      '------ wake ------- claims stay parked <---------------'
 *
 * One write is under way at a time and carries all that has gathered (group commit). An answer that changes nothing
 * ("there is no message", "you no longer hold this") is given only after the cursor was read again behind a barrier.
 * While claims are parked, everything that could bring them a message is watched, a timer runs to the earliest end of
 * a lease, and now and then they look without any reason, should a hint have been lost.
 */
import { setMaxListeners } from 'node:events';
import { BrokerError, partlyDone } from '../errors.ts';
import type { EntryCache } from '../log/entry-cache.ts';
import type { Settlement } from '../model/cursor-draft.ts';
import { fencingToken } from '../model/fencing.ts';
import type { Receipt } from '../model/receipt.ts';
import { Pending } from '../pending.ts';
import type { Runtime } from '../runtime.ts';
import { deadline, readThrough } from '../settled-commit.ts';
import { notFound, type Topic } from '../topics/topic.ts';
import { AttemptShards } from './attempt-shards.ts';
import { CursorCommit } from './cursor-commit.ts';
import { type Batch, type Evaluation, evaluate, type Grant } from './evaluation.ts';
import { LoadedCursor } from './loaded-cursor.ts';
import { ParkedClaims } from './parked-claims.ts';
import { ClaimItem, type ClaimSpec, type Lease, type SettleItem, type SettleOutcome } from './requests.ts';
import { TurnTaking } from './turn-taking.ts';

/** One write serves so many settlements; more wait for the next. */
const SETTLES_PER_WRITE_MAX = 4096;
const CLAIMS_PER_ROUND_MAX = 1024;
const LEASE_CHARACTERS = 9;

export class Subscription {
  readonly topic: Topic;
  readonly name: string;
  readonly #runtime: Runtime;
  readonly #cursor: LoadedCursor;
  readonly #attempts: AttemptShards;
  readonly #commit: CursorCommit;
  readonly #turns: TurnTaking;
  readonly #parked: ParkedClaims;
  readonly #settles = new Set<SettleItem>();
  readonly #claims = new Set<ClaimItem>();
  readonly #defaultLeaseMs: () => number;
  #running = false;
  /** There may be something to claim: set by every hint, cleared when a look has found nothing. */
  #awake = true;
  #draining = false;

  /**
   * @param defaultLeaseMs the configured lease at the time of the call
   * @param onFinished told of segments in which nothing is left for this subscription
   */
  constructor(
    runtime: Runtime,
    entries: EntryCache,
    topic: Topic,
    name: string,
    defaultLeaseMs: () => number,
    onFinished: (level: number, segment: number) => void,
  ) {
    this.#runtime = runtime;
    this.topic = topic;
    this.name = name;
    this.#defaultLeaseMs = defaultLeaseMs;
    this.#cursor = new LoadedCursor(runtime.store, entries, topic, name, (foreign) => this.#onHint(foreign));
    this.#attempts = new AttemptShards(runtime.store, topic.id, name);
    this.#commit = new CursorCommit(runtime, this.#cursor, this.#attempts, onFinished);
    this.#turns = new TurnTaking(runtime.random);
    this.#parked = new ParkedClaims(runtime, this.#cursor, () => this.wake());
  }

  /** One outcome for each receipt, in order. Throws BrokerError. */
  async settle(
    receipts: readonly Receipt[],
    settlement: (nowMs: number) => Settlement,
    signal?: AbortSignal,
  ): Promise<SettleOutcome[]> {
    // Each waits for its client's going away on its own; Node.js takes more than ten that listen for a leak.
    if (signal !== undefined) setMaxListeners(0, signal);
    const items = receipts.map((receipt) => this.#enqueueSettle(receipt, settlement, signal));
    this.#kick();
    const settled = await Promise.allSettled(items.map((item) => item.pending.promise));
    const failures = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    const outcomes = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const [failure] = failures;
    if (failure === undefined) return outcomes;
    // They may have gone into several writes.
    throw outcomes.includes('ok') || failures.some(({ code }) => code === 'outcome-unknown')
      ? partlyDone(failure)
      : failure;
  }

  /**
   * Leases messages, waiting for the first as long as the spec says. Undefined when there was none. Throws BrokerError.
   * Once the lease is made it is the caller's, also when the signal has aborted meanwhile.
   */
  claim(spec: ClaimSpec, signal: AbortSignal): Promise<Lease | undefined> {
    const waiting = this.#draining ? { ...spec, waitMs: 0 } : spec;
    const item: ClaimItem = new ClaimItem(
      this.#runtime,
      waiting,
      signal,
      () => this.#kick(),
      (settled) => this.#claims.delete(settled),
    );
    if (item.pending.open) this.#claims.add(item);
    // What is known may be old, when nobody has waited and so nothing was watched.
    this.wake();
    return item.pending.promise;
  }

  /** Something may have become claimable. */
  wake(): void {
    this.#awake = true;
    this.#kick();
  }

  /** This gateway has appended to the log. */
  noteAppended(): void {
    this.#cursor.noteAppended();
    this.wake();
  }

  /** The topic's or the subscription's configuration, or its start, may have changed. */
  noteChanged(): void {
    this.#cursor.markRecordStale();
    this.wake();
  }

  noteTrimmed(level: number, segment: number): void {
    this.#cursor.noteFinished(level, segment);
  }

  /** Nobody waits here and nothing is under way. */
  get idle(): boolean {
    return !this.#running && this.#claims.size === 0 && this.#settles.size === 0;
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
    for (const item of [...this.#claims, ...this.#settles]) item.pending.fail(error);
  }

  #enqueueSettle(
    receipt: Receipt,
    settlement: (nowMs: number) => Settlement,
    signal?: AbortSignal,
  ): SettleItem {
    const { timers, requestTimeoutMs } = this.#runtime;
    const pending = new Pending<SettleOutcome>(timers, requestTimeoutMs, signal, () =>
      this.#settles.delete(item),
    );
    const item: SettleItem = { receipt, settlement, pending, unsure: false };
    if (pending.open) this.#settles.add(item);
    return item;
  }

  #onHint(foreign: boolean): void {
    if (foreign) this.wake();
    else if (!this.#running) this.#park();
  }

  #kick(): void {
    if (this.#running || !this.#hasWork()) return;
    this.#running = true;
    // Requests of one turn of the event loop, such as the acks and the claim of one receive, share a write.
    queueMicrotask(() => void this.#run());
  }

  #hasWork(): boolean {
    if (this.#settles.size > 0) return true;
    if (this.#claims.size === 0) return false;
    if (this.#awake) return true;
    for (const item of this.#claims) if (item.isFinal) return true;
    return false;
  }

  async #run(): Promise<void> {
    this.#parked.stop();
    while (this.#hasWork()) {
      const pauseMs = this.#turns.pauseMs(this.#runtime.timers.monotonicMs());
      if (pauseMs > 0) await new Promise<void>((resolve) => this.#runtime.timers.after(pauseMs, resolve));
      const batch = this.#takeBatch();
      try {
        await this.#round(batch);
      } catch (error) {
        this.#fail(batch, error as Error);
      }
    }
    this.#running = false;
    this.#park();
  }

  #takeBatch(): Batch {
    return {
      settles: [...this.#settles].slice(0, SETTLES_PER_WRITE_MAX),
      claims: this.#claimsToTry(),
    };
  }

  /** When a look has just found nothing, only those are tried again whose last look is due. */
  #claimsToTry(): ClaimItem[] {
    const claims: ClaimItem[] = [];
    for (const item of this.#claims) {
      if (this.#awake || item.isFinal) claims.push(item);
      if (claims.length >= CLAIMS_PER_ROUND_MAX) break;
    }
    return claims;
  }

  /** What waits for the ensemble fails, as does what may have been leased; who waits for a message goes on. */
  #fail(batch: Batch, error: Error): void {
    const operating = error instanceof BrokerError && error.code !== 'not-found';
    for (const item of batch.settles) item.pending.fail(error);
    for (const item of batch.claims) {
      if (!operating || item.isFinal || item.pending.sent) item.pending.fail(error);
    }
    if (!(error instanceof BrokerError)) {
      this.#runtime.logger.error(
        { err: error, topic: this.topic.name, subscription: this.name },
        'a cursor round failed',
      );
    }
    this.#awake = false;
  }

  async #round(batch: Batch): Promise<void> {
    const { signal, cancel } = deadline(this.#runtime, this.#runtime.requestTimeoutMs);
    try {
      const certain = [...batch.settles, ...batch.claims].some((item) => item.unsure);
      this.#awake = false;
      await readThrough(this.#runtime, signal, () => this.#look(certain));
      if (!this.#cursor.exists || this.topic.deleted) throw notFound(this.topic.kind, this.topic.name);
      const evaluation = await this.#evaluate(batch, certain, signal);
      this.#answerUnchanged(batch, evaluation, certain);
      if (evaluation.draft.changed.size > 0) await this.#write(evaluation, signal);
      if (!evaluation.exhausted && this.#claims.size > 0) this.#awake = true;
    } finally {
      cancel();
    }
  }

  /** Reads what is known to be old; everything, behind a barrier, when the answer will be that there is nothing. */
  async #look(certain: boolean): Promise<void> {
    if (certain) {
      await this.#runtime.store.barrier();
      this.#cursor.markAllStale();
      this.#attempts.forget();
      this.topic.markStale();
    } else if (this.#turns.looksFirst(this.#runtime.timers.monotonicMs())) {
      this.#commit.markWrittenStale();
    }
    if (this.topic.stale) await this.topic.refresh();
    await this.#cursor.refresh();
  }

  async #evaluate(batch: Batch, certain: boolean, signal: AbortSignal): Promise<Evaluation> {
    for (;;) {
      const evaluation = evaluate({
        view: this.#cursor,
        attempts: this.#attempts,
        batch: {
          settles: batch.settles.filter((item) => item.pending.open),
          claims: batch.claims.filter((item) => item.pending.open),
        },
        nowMs: this.#runtime.store.now(),
        certain,
        defaultLeaseMs: this.#defaultLeaseMs(),
        newLease: () => Number.parseInt(this.#runtime.random.token(LEASE_CHARACTERS), 36) + 1,
      });
      const { missing } = evaluation.draft;
      if (missing.length === 0 && evaluation.missingShards.size === 0) return evaluation;
      await readThrough(this.#runtime, signal, async () => {
        await Promise.all([this.#cursor.loadMissing(missing), this.#attempts.load(evaluation.missingShards)]);
      });
    }
  }

  /** Answers what needs no write, or has it looked at again with certainty. */
  #answerUnchanged(batch: Batch, evaluation: Evaluation, certain: boolean): void {
    for (const [item, settled] of evaluation.settled) {
      if (settled.kind !== 'unsure') continue;
      if (certain) item.pending.settle(settled.as);
      else item.unsure = true;
    }
    for (const item of evaluation.unsureRepeats) {
      item.unsure = true;
      this.#awake = true;
    }
    for (const { item, record, untilMs, messages } of evaluation.repeats) {
      const token = fencingToken(BigInt(record.zxid ?? 0), record.index);
      const { generation, lease } = record;
      item.pending.settle({ generation, lease, untilMs, fencingToken: token, messages });
    }
    for (const item of evaluation.refused) {
      item.pending.fail(
        new BrokerError('rate-limited', 'Too many receives with an attemptId are under lease.'),
      );
    }
    if (!evaluation.exhausted) return;
    const granted = new Set(evaluation.grants.map((grant) => grant.item));
    for (const item of batch.claims) {
      if (!item.isFinal || granted.has(item)) continue;
      if (certain) item.pending.settle(undefined);
      else item.unsure = true;
    }
  }

  async #write(evaluation: Evaluation, signal: AbortSignal): Promise<void> {
    const settled = [...evaluation.settled].filter(([, { kind }]) => kind === 'ok').map(([item]) => item);
    const answered = [...settled, ...evaluation.grants.map((grant) => grant.item)];
    for (const item of answered) item.pending.markSent();
    const written = await this.#commit.write(evaluation, signal);
    const nowMs = this.#runtime.timers.monotonicMs();
    if (written.outcome !== 'applied') {
      for (const item of answered) item.pending.markQueued();
      if (written.outcome === 'lost') this.#turns.noteLost(nowMs);
      this.#awake = true;
      return;
    }
    this.#turns.noteWon();
    for (const item of settled) item.pending.settle('ok');
    for (const grant of evaluation.grants) this.#answerGrant(grant, written.zxid);
    // What was given back, or given back later, may be claimed by those who wait.
    if (settled.length > 0) this.#awake = true;
  }

  #answerGrant(grant: Grant, zxid: bigint | undefined): void {
    const { generation } = this.#cursor;
    const { item, lease, untilMs, index, claimed } = grant;
    if (item.pending.open && zxid !== undefined) {
      const token = fencingToken(zxid, index);
      item.pending.settle({ generation, lease, untilMs, fencingToken: token, messages: claimed });
      return;
    }
    // Nobody is there to take the lease, or its fencing token can't be told: it is given back. Whoever still waits
    // gets a new one.
    if (item.pending.open) item.pending.markQueued();
    for (const position of claimed) {
      const release = this.#enqueueSettle({ ...position, generation, lease }, () => ({ kind: 'release' }));
      release.pending.promise.catch(() => {});
    }
  }

  #park(): void {
    if (this.#claims.size === 0 || this.#draining) this.#parked.stop();
    else this.#parked.start();
  }
}
