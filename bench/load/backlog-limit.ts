/** Holds producers back while too much is under way, so that a long run does not fill its queue. */
import type { Meter } from './meter.ts';

export class BacklogLimit {
  readonly #meter: Meter;
  readonly #messagesMax: number;
  #waiting: (() => void)[] = [];
  #isLifted = false;

  constructor(meter: Meter, messagesMax: number) {
    this.#meter = meter;
    this.#messagesMax = messagesMax;
  }

  /** Returns when there is room. */
  async room(): Promise<void> {
    while (this.#isFull()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** To be called after messages were received. */
  received(): void {
    if (!this.#isFull()) this.#resume();
  }

  /** From now on there is room for everybody. */
  lift(): void {
    this.#isLifted = true;
    this.#resume();
  }

  #resume(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  #isFull(): boolean {
    return !this.#isLifted && this.#meter.published - this.#meter.received >= this.#messagesMax;
  }
}
