/**
 * What one write could do for the requests that wait at a subscription: settlements first, so that what they free can
 * be claimed in the same write, then claims in the order of their arrival. No I/O: the result names either what is
 * missing from the view, or the pages to write and the answers to give once they are written.
 */
import {
  ATTEMPTS_BYTES_MAX,
  type AttemptRecord,
  attemptBytesMax,
  encodeAttempts,
  shardOf,
  usefulAttempts,
  withAttempt,
} from '../model/attempts.ts';
import { type Claimed, Claiming } from '../model/claim.ts';
import { type CommitLimits, CommitRoom } from '../model/commit-room.ts';
import { CursorDraft } from '../model/cursor-draft.ts';
import type { CursorView } from '../model/cursor-view.ts';
import type { EntryMessage } from '../model/entry.ts';
import { CLAIMS_PER_WRITE_MAX } from '../model/fencing.ts';
import { isLeased } from '../model/lease.ts';
import { runAt } from '../model/page.ts';
import type { Receipt } from '../model/receipt.ts';
import type { Batch } from './waiting/batch.ts';
import type { ClaimRequest, LeasedMessage, SettleOutcome, SettleRequest } from './waiting/requests.ts';

/** The outcome of neighbouring receipts of a request. */
interface SettledRange<Outcome> {
  readonly index: number;
  readonly length: number;
  readonly outcome: Outcome;
}

export interface SettleResult {
  /** Settled once the draft is written. */
  readonly done: readonly SettledRange<'ok'>[];
  /** Nothing was changed, and this is the outcome if the view is up to date. */
  readonly unsure: readonly SettledRange<SettleOutcome>[];
  /** Some did not fit into this draft any more. */
  readonly isFull: boolean;
}

export interface Grant {
  readonly item: ClaimRequest;
  readonly lease: number;
  readonly untilMs: number;
  /** Which of this write's leases, for the fencing token. */
  readonly index: number;
  readonly claimed: readonly Claimed[];
}

/** An attempt that was found: the same messages again, nothing to write. */
export interface Repeat {
  readonly item: ClaimRequest;
  readonly record: AttemptRecord;
  readonly untilMs: number;
  readonly messages: readonly LeasedMessage[];
}

export interface Evaluation {
  readonly draft: CursorDraft;
  readonly settled: ReadonlyMap<SettleRequest, SettleResult>;
  readonly grants: readonly Grant[];
  readonly repeats: readonly Repeat[];
  /** Claims whose attempt is known, to be confirmed behind a barrier before it is repeated. */
  readonly unsureRepeats: readonly ClaimRequest[];
  /** Claims whose attempt is granted in this very write, to another claim: the next draft will find it. */
  readonly grantedTwice: readonly ClaimRequest[];
  /** Claims that can't be given what there is next. */
  readonly withheld: readonly ClaimRequest[];
  /** Claims that can't be granted for want of room for their attempt. */
  readonly refused: readonly ClaimRequest[];
  /** Shards of attempts to write, and those that must be loaded first. */
  readonly attempts: ReadonlyMap<number, readonly AttemptRecord[]>;
  readonly missingShards: ReadonlySet<number>;
  /** The claims that got nothing did so because there is nothing more to give. */
  readonly exhausted: boolean;
}

export interface EvaluationInput {
  readonly view: CursorView;
  readonly attempts: { records(shard: number): readonly AttemptRecord[] | undefined };
  readonly batch: Batch;
  readonly nowMs: number;
  /** The view was loaded behind a barrier that came after all of the batch. */
  readonly certain: boolean;
  readonly defaultLeaseMs: number;
  readonly newLease: () => number;
  /** Of the store that is written to. */
  readonly limits: CommitLimits;
  /** See the constructor of `CursorDraft`. */
  readonly hasLoadedMuch: boolean;
}

export function evaluate(input: EvaluationInput): Evaluation {
  const room = new CommitRoom(input.limits);
  const draft = new CursorDraft(input.view, input.nowMs, room, input.hasLoadedMuch);
  // Bury the dead first: one of them may fill a whole commit, and would wait for ever if others always came first.
  draft.buryDead();
  const settled = new Map<SettleRequest, SettleResult>();
  for (const request of input.batch.settles) settled.set(request, settle(draft, request, input.nowMs));
  const claiming = new Claiming(draft);
  const state = {
    grants: [] as Grant[],
    repeats: [] as Repeat[],
    unsureRepeats: [] as ClaimRequest[],
    grantedTwice: [] as ClaimRequest[],
    withheld: [] as ClaimRequest[],
    refused: [] as ClaimRequest[],
    attempts: new Map<number, readonly AttemptRecord[]>(),
    shardBytes: new Map<number, number>(),
    missingShards: new Set<number>(),
  };
  let exhausted = false;
  for (const item of input.batch.claims) {
    if (state.grants.length >= CLAIMS_PER_WRITE_MAX) break;
    if (item.spec.attempt !== undefined && handleAttempt(input, draft, item, item.spec.attempt, state))
      continue;
    // Later claims find nothing either, unless they repeat an attempt.
    if (exhausted) continue;
    if (item.spec.attempt !== undefined && !takeShard(room, item, item.spec.attempt, state)) {
      draft.full = true;
      break;
    }
    const untilMs = Math.round(input.nowMs + (item.spec.leaseMs ?? input.defaultLeaseMs));
    const lease = input.newLease();
    const { max, autoAck, isDeliverable } = item.spec;
    let isWithheld = false;
    const check =
      isDeliverable &&
      ((message: EntryMessage) => {
        const deliverable = isDeliverable(message);
        isWithheld ||= !deliverable;
        return deliverable;
      });
    const claimed = claiming.claim({ max, lease, untilMs, autoAck, isDeliverable: check });
    if (claimed.length === 0) {
      if (isWithheld) {
        state.withheld.push(item);
        continue;
      }
      if (draft.full || draft.blind) break;
      // Another draft follows once this is loaded. Go on, to load what later claims lack at the same time.
      if (draft.missing.length > 0) continue;
      exhausted = true;
      continue;
    }
    const index = state.grants.length;
    state.grants.push({ item, lease, untilMs, index, claimed });
    if (item.spec.attempt !== undefined) {
      const positions = claimed.map(({ level, segment, offset }) => ({ level, segment, offset }));
      const { generation } = input.view;
      const record = { attempt: item.spec.attempt, generation, lease, untilMs, index, positions };
      const shard = shardOf(item.spec.attempt);
      const records = state.attempts.get(shard) ?? input.attempts.records(shard) ?? [];
      state.attempts.set(shard, withAttempt(records, record, input.nowMs));
    }
  }
  return { draft, settled, exhausted, ...state };
}

function settle(draft: CursorDraft, request: SettleRequest, nowMs: number): SettleResult {
  const settlement = request.settlement(nowMs);
  const done: SettledRange<'ok'>[] = [];
  const unsure: SettledRange<SettleOutcome>[] = [];
  for (let index = 0; index < request.receipts.length; ) {
    if (request.outcomes[index] !== undefined) {
      index += 1;
      continue;
    }
    const receipt = request.receipts[index] as Receipt;
    const { settled, length } = draft.settleRange(receipt, request.alike(index), settlement);
    if (settled.kind === 'full') return { done, unsure, isFull: true };
    if (settled.kind === 'ok') done.push({ index, length, outcome: 'ok' });
    else unsure.push({ index, length, outcome: settled.as });
    index += length;
  }
  return { done, unsure, isFull: false };
}

/** @returns whether the claim is dealt with; else it is to be granted like any other */
function handleAttempt(
  input: EvaluationInput,
  draft: CursorDraft,
  item: ClaimRequest,
  attempt: string,
  state: {
    repeats: Repeat[];
    unsureRepeats: ClaimRequest[];
    grantedTwice: ClaimRequest[];
    withheld: ClaimRequest[];
    refused: ClaimRequest[];
    attempts: Map<number, readonly AttemptRecord[]>;
    shardBytes: Map<number, number>;
    missingShards: Set<number>;
  },
): boolean {
  const shard = shardOf(attempt);
  if (state.attempts.get(shard)?.some((record) => record.attempt === attempt && record.zxid === undefined)) {
    state.grantedTwice.push(item);
    return true;
  }
  const records = input.attempts.records(shard);
  if (records === undefined) {
    state.missingShards.add(shard);
    return true;
  }
  const record = records.find(
    (known) => known.attempt === attempt && known.generation === input.view.generation,
  );
  if (record !== undefined) {
    if (!input.certain) {
      state.unsureRepeats.push(item);
      return true;
    }
    const repeat = repeatOf(input, draft, item, record);
    if (repeat.messages.length > 0) {
      const { isDeliverable } = item.spec;
      const isWithheld =
        isDeliverable !== undefined && !repeat.messages.every(({ message }) => isDeliverable(message));
      if (isWithheld) state.withheld.push(item);
      else state.repeats.push(repeat);
      return true;
    }
  }
  const useful = () => usefulAttempts(records, input.view.generation, input.nowMs);
  const bytes = state.shardBytes.get(shard) ?? encodeAttempts(useful()).length;
  // A server that takes only small commits gets small shards.
  if (bytes >= Math.min(ATTEMPTS_BYTES_MAX, input.limits.bytesMax / 4)) {
    state.refused.push(item);
    return true;
  }
  state.shardBytes.set(shard, bytes);
  return false;
}

/** Takes room for what the claim's attempt adds to its shard, and for the shard if that was not written yet. */
function takeShard(
  room: CommitRoom,
  { spec }: ClaimRequest,
  attempt: string,
  state: { attempts: ReadonlyMap<number, unknown>; shardBytes: Map<number, number> },
): boolean {
  const shard = shardOf(attempt);
  const known = state.shardBytes.get(shard) ?? 0;
  const added = attemptBytesMax(spec.max);
  if (!room.takeNode(state.attempts.has(shard) ? undefined : known, added)) return false;
  state.shardBytes.set(shard, known + added);
  return true;
}

/** Those messages of the attempt that are still under its lease. */
function repeatOf(
  input: EvaluationInput,
  draft: CursorDraft,
  item: ClaimRequest,
  record: AttemptRecord,
): Repeat {
  const messages: LeasedMessage[] = [];
  let untilMs = Number.POSITIVE_INFINITY;
  for (const position of record.positions) {
    const page = draft.lookAt(position.level, position.segment);
    const run = page === undefined ? undefined : runAt(page, position.offset);
    if (run?.lease !== record.lease || !isLeased(run, input.nowMs)) continue;
    const message = draft.messageAt(position);
    if (message === undefined) continue;
    untilMs = Math.min(untilMs, run.untilMs);
    messages.push({ ...position, message, deliveries: run.deliveries });
  }
  return { item, record, untilMs, messages };
}
