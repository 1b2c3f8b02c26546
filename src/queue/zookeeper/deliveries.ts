/**
 * Brings what comes from the ensemble to its callers in the order in which it came:
 *
 *     frames   reply 7 | event | reply 8          turn of the event loop   7 | event | 8
 *
 * A server tells a watch before it answers the write that fired it, mostly in one piece. Who watches what it writes
 * itself relies on that order: behind the answer, its own write would look like somebody else's. A watch has a turn of
 * its own, since whoever awaits an earlier reply must have gone on by then, and may be several promises away.
 */
export class Deliveries {
  #waiting = 0;

  /** Calls `step` in a later turn, behind everything that was delivered before. */
  event(step: () => void): void {
    this.#waiting += 1;
    // These run in the order in which they were set, each with its promises before the next.
    setImmediate(() => {
      this.#waiting -= 1;
      step();
    });
  }

  /** Calls `step` at once, unless events came before that have not been told yet. */
  reply(step: () => void): void {
    if (this.#waiting === 0) step();
    else this.event(step);
  }
}
