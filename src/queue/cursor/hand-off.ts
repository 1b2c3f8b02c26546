/**
 * Hand-off: a publisher at this gateway leases its messages to waiting claims in the commit that stores them. That takes
 * one write instead of two, one after the other.
 *
 * The claim is made on the log as it will be if nobody else appends at that moment. The page is compared and set as in
 * any round, so no message is leased twice. If another gateway's entry comes in between, our entry lies further on than
 * the claim expected, and the lease is of other messages: then we tell nobody of it, and give it back.
 */
import type { CommitPart } from '../commit/parts.ts';
import type { LevelEntries } from '../log/level-entries.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { CursorState } from './cursor-state.ts';
import type { Evaluation, Grant } from './evaluation.ts';
import { expectedView } from './expected-view.ts';
import type { Rounds } from './round.ts';
import type { ClaimRequest, Returnable } from './waiting/requests.ts';

/** After a miss others publish here as well: for so long no hand-off is tried. */
const MISSED_MEMORY_MS = 1_000;

/** In place of the part, when a lease is not of the messages that it was made for. */
const UNKNOWN = { zxid: undefined, laterZxid: 0n };

export class HandOffs {
  readonly #runtime: Runtime;
  readonly #state: CursorState;
  readonly #rounds: Rounds;
  #missedAtMs = Number.NEGATIVE_INFINITY;

  constructor(runtime: Runtime, state: CursorState, rounds: Rounds) {
    this.#runtime = runtime;
    this.#state = state;
    this.#rounds = rounds;
  }

  /**
   * The part that leases to those who wait what is about to be appended. No round may run until `onEnd` is called.
   *
   * @param roomBytes what is left of the commit for it
   * @param onEnd called once the commit is answered or given up, with leases that no claim was told of: to be given back
   * @returns undefined when a hand-off is not possible: a round serves the claims after the commit
   */
  part(
    waiting: Iterable<ClaimRequest>,
    entries: LevelEntries,
    roomBytes: number,
    onEnd: (unused: readonly Returnable[]) => void,
  ): CommitPart | undefined {
    const { timers, counts, store } = this.#runtime;
    const nowMs = timers.monotonicMs();
    const isContended = this.#rounds.turns.isContended || nowMs - this.#missedAtMs < MISSED_MEMORY_MS;
    if (isContended || !this.#isPlain() || !isFresh(this.#state)) return undefined;
    const entry = entries.expected();
    const claims = entry === undefined ? [] : plainClaims(waiting, entry.messages.length);
    if (entry === undefined || claims.length === 0) return undefined;
    const view = expectedView(this.#state, entry);
    const evaluation = this.#rounds.drafting.evaluate(view, { settles: [], claims, isForAll: false }, false);
    if (!isPure(evaluation)) return undefined;
    const { draft, grants } = evaluation;
    const { generation } = view;
    const part = this.#rounds.writer.part(draft, new Map());
    if (store.packet.bytesOf(part.writes) > roomBytes) return undefined;
    return {
      writes: part.writes,
      sending: () => {
        for (const { item } of grants) item.pending.markSent();
        part.sending?.();
      },
      applied: (results) => {
        part.applied(results);
        counts.cursorClaims.add(grants.length);
        const hasLanded = entry.hasLanded();
        if (!hasLanded) this.#missedAtMs = nowMs;
        const told = (grant: Grant) => this.#rounds.answerGrant(grant, hasLanded ? part : UNKNOWN);
        onEnd(grants.map(told).filter((lease) => lease !== undefined));
      },
      conflicted: (index, reason) => {
        this.#rounds.counts.conflicts += 1;
        return part.conflicted(index, reason);
      },
      abandoned: (isCertain) => {
        part.abandoned?.(isCertain);
        for (const { item } of grants) item.pending.markQueued();
        const held = grants.map(({ lease, claimed }) => ({ generation, lease, messages: claimed }));
        onEnd(isCertain ? [] : held);
      },
    };
  }

  /** A claim gets whatever is at the end of one log, and nothing else matters. */
  #isPlain(): boolean {
    const state = this.#state;
    return state.exists && state.levels.length === 1 && state.policy.ordering === 'none';
  }
}

/** Nothing has hinted that something has changed since it was read. */
function isFresh(state: CursorState): boolean {
  if (state.topic.stale || state.topic.logs.some((log) => log.stale)) return false;
  for (const part of state.parts()) if (part.stale) return false;
  return true;
}

/** It lacks nothing, and only leases. Anything else would hit the wrong message if the entry lands elsewhere. */
function isPure({ draft, grants }: Evaluation): boolean {
  const others = draft.dead.length + draft.expired + draft.unwanted;
  return grants.length > 0 && draft.missing.length + others === 0;
}

/**
 * The first claims, as many as there may be messages for, up to one that needs more than a lease: an attempt has to be
 * looked up, and messages that `autoAck` takes can't be given back. Claims behind such a one wait with it.
 */
function plainClaims(waiting: Iterable<ClaimRequest>, max: number): ClaimRequest[] {
  const plain: ClaimRequest[] = [];
  for (const claim of waiting) {
    const { attempt, autoAck } = claim.spec;
    if (attempt !== undefined || autoAck || claim.state.step !== 'looking' || plain.length >= max) break;
    plain.push(claim);
  }
  return plain;
}
