/**
 * Evaluates what waits at a subscription, and loads what the evaluation lacks, until nothing is missing. A claim may
 * have to look through many segments, and only a loaded segment tells what it needs of the next. Loaded listings are
 * pinned until the draft is complete, so that loading one cannot evict another it needs. Settlements do not wait for
 * such claims.
 */

import { readThrough } from '../commit/read-through.ts';
import type { Log } from '../log/log.ts';
import type { CallSignal } from '../model/call-signal.ts';
import type { CursorView, Missing } from '../model/cursor-view.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { attemptsPath } from '../zookeeper/paths.ts';
import { loadAttempts } from './attempt-shards.ts';
import { type CursorReader, endsOf } from './cursor-reader.ts';
import type { CursorState } from './cursor-state.ts';
import { type Evaluation, evaluate } from './evaluation.ts';
import type { Batch } from './waiting/batch.ts';

const LEASE_CHARACTERS = 9;
/** Nearly all drafts need fewer. One that needs more reads ahead, and leaves its claims to later when others wait. */
const LOADS_USUAL = 8;

export class Drafting {
  readonly #runtime: Runtime;
  readonly #state: CursorState;
  readonly #reader: CursorReader;
  /** Functions that unpin the listings of a log. */
  readonly #held = new Map<Log, () => void>();

  constructor(runtime: Runtime, state: CursorState, reader: CursorReader) {
    this.#runtime = runtime;
    this.#state = state;
    this.#reader = reader;
  }

  /** What one write could do for those of the batch that still wait, as the view shows the cursor. */
  evaluate(view: CursorView, batch: Batch, certain: boolean, hasLoadedMuch = false): Evaluation {
    const { attempts } = this.#state;
    const cursor = this.#state.cursorPath;
    return evaluate({
      view,
      attempts: { records: (shard) => attempts.get(attemptsPath(cursor, shard))?.records },
      batch: {
        settles: batch.settles.filter((item) => item.pending.open),
        claims: batch.claims.filter((item) => item.pending.open),
        isForAll: batch.isForAll,
      },
      nowMs: this.#runtime.store.now(),
      certain,
      defaultLeaseMs: this.#state.delivery.leaseSeconds * 1000,
      limits: this.#runtime.store.packet,
      hasLoadedMuch,
      newLease: () => Number.parseInt(this.#runtime.random.token(LEASE_CHARACTERS), 36) + 1,
    });
  }

  /**
   * As `evaluate`, after loading everything that it needs. Leaves the claims undecided when they need many loads and
   * others wait; the next batch retries them with what is loaded by then.
   *
   * @param othersWait whether others wait for the next round
   * @throws BrokerError
   */
  async complete(
    whole: Batch,
    certain: boolean,
    othersWait: () => boolean,
    signal: CallSignal,
  ): Promise<Evaluation> {
    const { store } = this.#runtime;
    let batch = whole;
    try {
      for (let loads = 0; ; loads += 1) {
        if (batch.isForAll) this.#state.lookedAtEnds = endsOf(this.#state);
        const hasLoadedMuch = loads >= LOADS_USUAL;
        const evaluation = this.evaluate(this.#state, batch, certain, hasLoadedMuch);
        const { missing } = evaluation.draft;
        if (missing.length === 0 && evaluation.missingShards.size === 0) {
          if (batch === whole) this.release();
          return evaluation;
        }
        const isAlone = batch.settles.length === 0 && !othersWait();
        if (hasLoadedMuch && batch === whole && !isAlone) {
          batch = { ...whole, claims: [] };
          continue;
        }
        this.#hold(missing);
        await readThrough(this.#runtime, signal, async () => {
          const { attempts, cursorPath } = this.#state;
          await Promise.all([
            this.#reader.loadMissing(missing, hasLoadedMuch),
            loadAttempts(store, attempts, cursorPath, evaluation.missingShards),
          ]);
        });
      }
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** Unpins everything: nobody will go on with claims that were left undecided. */
  release(): void {
    for (const end of this.#held.values()) end();
    this.#held.clear();
  }

  #hold(missing: readonly Missing[]): void {
    for (const { level } of missing) {
      const log = this.#state.topic.log(level);
      if (!this.#held.has(log)) this.#held.set(log, log.hold());
    }
  }
}
