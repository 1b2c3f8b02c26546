/**
 * What goes on while claims wait and there is nothing to give: watches are set on all that could bring a message, a
 * timer runs to the earliest end of a lease, and at a slow, jittered interval everything is read again, should a hint
 * have been lost. Nothing of it decides anything: each only wakes the subscription, which then looks.
 */
import { earliestDueMs } from '../../model/page.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { StoreError } from '../../zookeeper/store.ts';
import type { CursorReader } from '../cursor-reader.ts';
import type { CursorState } from '../cursor-state.ts';

/** A queue that is merely empty for a moment is not worth the reads that watching costs. */
export const ARM_AFTER_MS = 2;
const LOOK_AGAIN_MIN_MS = 20_000;
const LOOK_AGAIN_MAX_MS = 40_000;

export class ParkedClaims {
  readonly #runtime: Runtime;
  readonly #state: CursorState;
  readonly #reader: CursorReader;
  readonly #wake: () => void;
  readonly #cancels: (() => void)[] = [];
  #arming = false;
  /** A watch has fired while others were being set. */
  #armAgain = false;
  #active = false;
  readonly #ended = new AbortController();

  constructor(runtime: Runtime, state: CursorState, reader: CursorReader, wake: () => void) {
    this.#runtime = runtime;
    this.#state = state;
    this.#reader = reader;
    this.#wake = wake;
  }

  /** Begins, or goes on, watching. */
  start(): void {
    this.stop();
    this.#active = true;
    const { timers, random, store } = this.#runtime;
    this.#cancels.push(timers.after(ARM_AFTER_MS, () => void this.#arm()));
    const lookAgainMs = LOOK_AGAIN_MIN_MS + random.fraction() * (LOOK_AGAIN_MAX_MS - LOOK_AGAIN_MIN_MS);
    this.#cancels.push(
      timers.after(lookAgainMs, () => {
        this.#reader.disarm();
        this.#wake();
      }),
    );
    const due = nextDueMs(this.#state);
    // Never early: a timer may fire a little before its time, and finding nothing would cost a look.
    if (due !== undefined) this.#cancels.push(timers.after(Math.max(1, due - store.now() + 1), this.#wake));
  }

  /** Ends the timers. Watches stay set: they are hints, and cost nothing until they fire. */
  stop(): void {
    this.#active = false;
    for (const cancel of this.#cancels.splice(0)) cancel();
  }

  /** For good. */
  end(): void {
    this.stop();
    this.#ended.abort();
  }

  async #arm(): Promise<void> {
    if (!this.#active) return;
    if (this.#arming) {
      this.#armAgain = true;
      return;
    }
    this.#arming = true;
    this.#armAgain = false;
    let changed = false;
    try {
      changed = await this.#reader.arm();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      changed = await this.#reconnected();
    } finally {
      this.#arming = false;
    }
    if (changed) this.#wake();
    else if (this.#armAgain) await this.#arm();
  }

  /** The watches are gone with the connection: look again when it is back. */
  async #reconnected(): Promise<boolean> {
    try {
      await this.#runtime.store.whenConnected(this.#ended.signal);
      return true;
    } catch {
      return false;
    }
  }
}

/** When something in flight is next due, as far as known. */
function nextDueMs(state: CursorState): number | undefined {
  const due = state.pages().map(({ page }) => earliestDueMs(page));
  const known = due.filter((instant) => instant !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
