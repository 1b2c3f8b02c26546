/**
 * Wakes a subscription that is parked: claims wait, and there is nothing to give. A claim waits for one of three things:
 *
 *     another gateway publishes, or gives messages back    a watch fires that `watchOtherGateways` has set
 *     a lease or a delay ends                              a timer, set for the earliest that this gateway knows
 *     a watch was lost                                     a slow, jittered timer, after which everything is read again
 *
 * A watch that fires does not come back to this file: it calls `#onWatchFired` in `subscription.ts`, which wakes the
 * subscription. What this gateway does itself it tells the subscription directly. None of these decides anything: each
 * only wakes the subscription, which then looks.
 */
import { earliestDueMs } from '../../model/page.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { StoreError } from '../../zookeeper/store.ts';
import type { CursorReader } from '../cursor-reader.ts';
import type { CursorState } from '../cursor-state.ts';

/** Watching costs reads, which a queue that is empty for a moment is not worth. */
export const WATCH_AFTER_MS = 2;
const LOOK_AGAIN_MIN_MS = 20_000;
const LOOK_AGAIN_MAX_MS = 40_000;

export class WakeUps {
  readonly #runtime: Runtime;
  readonly #state: CursorState;
  readonly #reader: CursorReader;
  readonly #wake: () => void;
  readonly #cancels: (() => void)[] = [];
  #isOn = false;
  #isSettingWatches = false;
  /** A watch has fired while others were being set. */
  #isAskedAgain = false;
  readonly #ended = new AbortController();

  constructor(runtime: Runtime, state: CursorState, reader: CursorReader, wake: () => void) {
    this.#runtime = runtime;
    this.#state = state;
    this.#reader = reader;
    this.#wake = wake;
  }

  /** Begins to wait, or begins again with what is known by now. */
  start(): void {
    this.stop();
    this.#isOn = true;
    const { timers, random, store } = this.#runtime;
    this.#cancels.push(timers.after(WATCH_AFTER_MS, () => void this.watchOtherGateways()));
    const lookAgainMs = LOOK_AGAIN_MIN_MS + random.fraction() * (LOOK_AGAIN_MAX_MS - LOOK_AGAIN_MIN_MS);
    this.#cancels.push(
      timers.after(lookAgainMs, () => {
        this.#reader.disarm();
        this.#wake();
      }),
    );
    const due = nextDueMs(this.#state);
    // One ms late rather than early: a look that finds nothing would be wasted.
    if (due !== undefined) this.#cancels.push(timers.after(Math.max(1, due - store.now() + 1), this.#wake));
  }

  /** Ends the timers. Watches stay set: they are hints, and cost nothing until they fire. */
  stop(): void {
    this.#isOn = false;
    for (const cancel of this.#cancels.splice(0)) cancel();
  }

  /** For good. */
  end(): void {
    this.stop();
    this.#ended.abort();
  }

  /**
   * Sets a watch on every node that another gateway may write, which reads the node once more. When ZooKeeper fires one of
   * them, its `WatchedPart` calls `#onWatchFired` of the subscription, which wakes and starts this anew. It also wakes the subscription at
   * once when one of these reads brings something that no round has looked at.
   */
  async watchOtherGateways(): Promise<void> {
    if (!this.#isOn) return;
    if (this.#isSettingWatches) {
      this.#isAskedAgain = true;
      return;
    }
    this.#isSettingWatches = true;
    this.#isAskedAgain = false;
    let isChanged = false;
    try {
      isChanged = await this.#reader.arm();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      isChanged = await this.#reconnected();
    } finally {
      this.#isSettingWatches = false;
    }
    if (isChanged) this.#wake();
    else if (this.#isAskedAgain) await this.watchOtherGateways();
  }

  /** The connection took the watches with it. When it is back, the subscription has to look. */
  async #reconnected(): Promise<boolean> {
    try {
      await this.#runtime.store.whenConnected(this.#ended.signal);
      return true;
    } catch {
      return false;
    }
  }
}

/** The earliest instant, as far as known, at which a lease or a delay ends. */
function nextDueMs(state: CursorState): number | undefined {
  const due = state.pages().map(({ page }) => earliestDueMs(page));
  const known = due.filter((instant) => instant !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
