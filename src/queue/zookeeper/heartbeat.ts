/**
 * Keeps one connection alive and notices when it is not: pings at every third of the session timeout, and gives up
 * when no byte has come for two thirds of it. The remaining third is for reaching another server before the
 * session ends.
 */

export interface HeartbeatOptions {
  readonly sessionTimeoutMs: number;
  readonly monotonicNow: () => number;
  readonly ping: () => void;
  readonly giveUp: (silenceMs: number) => void;
}

const checksPerPing = 2;

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #timer: NodeJS.Timeout;
  #heardAt: number;
  #checks = 0;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#heardAt = options.monotonicNow();
    this.#timer = setInterval(() => this.#check(), options.sessionTimeoutMs / 3 / checksPerPing);
  }

  /** Some byte has arrived. */
  heard(): void {
    this.#heardAt = this.#options.monotonicNow();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    this.#checks += 1;
    if (this.#checks % checksPerPing === 0) this.#options.ping();
    // After a pause of this process, what the server sent meanwhile is read only after the timers have run.
    if (this.#isSilent()) setImmediate(() => this.#isSilent() && this.#giveUp());
  }

  #isSilent(): boolean {
    return this.#silenceMs() >= (this.#options.sessionTimeoutMs * 2) / 3;
  }

  #silenceMs(): number {
    return this.#options.monotonicNow() - this.#heardAt;
  }

  #giveUp(): void {
    this.stop();
    this.#options.giveUp(this.#silenceMs());
  }
}
