/**
 * One thing that was read from the store and may be watched: the one-shot watch behind it, and what it has told.
 *
 *     unarmed --read with watch--> armed --watch fires--> unarmed, stale
 *
 * This gateway's own writes fire its own watches too. They say nothing new, so a part that was written by us while
 * armed is not stale when its watch fires. Should a foreign write have come at the same moment, arming it again
 * (which reads and compares) will tell; and whoever writes on an old picture fails and looks again.
 */
export class WatchedPart {
  /** To be given to the store: always the same function, so that it is registered once. */
  readonly watch: () => void;
  armed = false;
  stale = true;
  /** The read under way, if any: until it ends the part is as old as it was, although no longer `stale`. */
  reading: Promise<void> | undefined;
  #ownChanges = false;

  /** @param onHint called when the watch has fired, with whether a foreign change is likely */
  constructor(onHint: (foreign: boolean) => void) {
    this.watch = () => {
      const foreign = !this.#ownChanges;
      this.armed = false;
      this.#ownChanges = false;
      if (foreign) this.stale = true;
      onHint(foreign);
    };
  }

  noteOwnChange(): void {
    if (this.armed) this.#ownChanges = true;
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
}
