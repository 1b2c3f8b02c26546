/**
 * Evaluates what waits at a subscription, and loads what that lacks, until nothing is missing. A claim may have to look
 * through many segments, each of which tells only when it is there what it needs of the next: meanwhile listings are
 * held, so that none makes room for another that the same draft needs, and settlements do not wait for it.
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
/** Nearly all need fewer. What needs more reads ahead, and goes on in a round of its own when others wait. */
const LOADS_USUAL = 8;

export class Drafting {
  readonly #runtime: Runtime;
  readonly #state: CursorState;
  readonly #reader: CursorReader;
  /** End the holding of listings, by log. */
  readonly #held = new Map<Log, () => void>();

  constructor(runtime: Runtime, state: CursorState, reader: CursorReader) {
    this.#runtime = runtime;
    this.#state = state;
    this.#reader = reader;
  }

  /** What one write could do for those of the batch that still wait, by a view of the cursor. */
  evaluate(view: CursorView, batch: Batch, certain: boolean, isHurried = false): Evaluation {
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
      isHurried,
      newLease: () => Number.parseInt(this.#runtime.random.token(LEASE_CHARACTERS), 36) + 1,
    });
  }

  /**
   * As `evaluate`, with everything there that it takes. It is without the batch's claims, as if these had found neither
   * anything nor nothing, when they need much and others wait: then they are to be tried again with the next batch, which
   * goes on with what is loaded by then.
   *
   * @param isAwaited whether others wait for the next round
   * @throws BrokerError
   */
  async complete(
    whole: Batch,
    certain: boolean,
    isAwaited: () => boolean,
    signal: CallSignal,
  ): Promise<Evaluation> {
    const { store } = this.#runtime;
    let batch = whole;
    try {
      for (let loads = 0; ; loads += 1) {
        if (batch.isForAll) this.#state.lookedAtEnds = endsOf(this.#state);
        const needsMuch = loads >= LOADS_USUAL;
        const evaluation = this.evaluate(this.#state, batch, certain, needsMuch);
        const { missing } = evaluation.draft;
        if (missing.length === 0 && evaluation.missingShards.size === 0) {
          if (batch === whole) this.release();
          return evaluation;
        }
        const isAlone = batch.settles.length === 0 && !isAwaited();
        if (needsMuch && batch === whole && !isAlone) {
          batch = { ...whole, claims: [] };
          continue;
        }
        this.#hold(missing);
        await readThrough(this.#runtime, signal, async () => {
          const { attempts, cursorPath } = this.#state;
          await Promise.all([
            this.#reader.loadMissing(missing, needsMuch),
            loadAttempts(store, attempts, cursorPath, evaluation.missingShards),
          ]);
        });
      }
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** Nobody goes on with what was loaded for claims that have not been evaluated to the end. */
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
