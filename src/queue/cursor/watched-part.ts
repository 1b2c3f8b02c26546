/**
 * One thing that was read from the store and may be watched: the one-shot watch behind it, and what it has told.
 *
 *     unarmed --read with watch--> armed --watch fires--> unarmed, stale
 *
 * This gateway's own writes fire its own watches too, and do so before they are answered. They say nothing new: what a
 * watch tells while a write of ours is under way is judged when that is answered, and counts only if it was not applied.
 * Should a foreign write have come at the same moment, arming it again (which reads and compares) will tell; and whoever
 * writes on an old picture fails and looks again.
 */
export class WatchedPart {
  /** To be given to the store: always the same function, so that it is registered once. */
  readonly watch: () => void;
  armed = false;
  stale = true;
  /** The read under way, if any: until it ends the part is as old as it was, although no longer `stale`. */
  reading: Promise<void> | undefined;
  readonly #onHint: (foreign: boolean) => void;
  #ownWrites = 0;
  #isOwnApplied = false;
  #firedMeanwhile = false;

  /** @param onHint called when the watch has fired, with whether a foreign change is likely */
  constructor(onHint: (foreign: boolean) => void) {
    this.#onHint = onHint;
    this.watch = () => {
      this.armed = false;
      if (this.#ownWrites > 0) this.#firedMeanwhile = true;
      else this.#tell(true);
    };
  }

  /** A write of this gateway that changes it is about to be sent. */
  beginOwnWrite(): void {
    this.#ownWrites += 1;
  }

  /** That write is answered, or given up. */
  endOwnWrite(isApplied: boolean): void {
    // It began before there was anything to watch here.
    if (this.#ownWrites === 0) return;
    this.#ownWrites -= 1;
    this.#isOwnApplied ||= isApplied;
    if (this.#ownWrites > 0) return;
    const isForeign = !this.#isOwnApplied;
    this.#isOwnApplied = false;
    if (!this.#firedMeanwhile) return;
    this.#firedMeanwhile = false;
    this.#tell(isForeign);
  }

  /** Call before reading: a watch that fires while the read is under way then counts. */
  beginRead(watching: boolean): void {
    this.stale = false;
    if (watching) this.armed = true;
  }

  /** The read failed: nothing is known and no watch is set. */
  failRead(): void {
    this.stale = true;
    this.armed = false;
  }

  #tell(isForeign: boolean): void {
    if (isForeign) this.stale = true;
    this.#onHint(isForeign);
  }
}
