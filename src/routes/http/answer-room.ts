/**
 * What one stream holds of the bytes that answers may take: for a moment room for what is read and put into words next,
 * and then what waits to be sent to its client. So everything is counted before it is made.
 */
import type { Budget, StreamRoom } from '../../queue/index.ts';

/** For an entry as it is stored, and the text of a message of it, in which each byte may have become six. */
const READING_BYTES = 8 * 1024 * 1024;

export class AnswerRoom implements StreamRoom {
  readonly #budget: Budget;
  /** With a small budget still several may read at a time. */
  readonly #readingBytes: number;
  #entered = 0;
  #waitingBytes = 0;
  #stopWaiting: (() => void) | undefined;
  #ended = false;

  constructor(budget: Budget) {
    this.#budget = budget;
    this.#readingBytes = Math.min(READING_BYTES, Math.floor(budget.max / 4));
  }

  /** Whether clients take their answers so slowly that nothing more is made for one for whom something waits. */
  get isPressed(): boolean {
    return this.#budget.used > this.#budget.max / 2;
  }

  /** Resolves when there is room to read in, or the stream has ended. */
  enter(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#ended || this.#entered > 0) return resolve();
      const stopWaiting = this.#budget.takeInTurn(this.#readingBytes, () => {
        this.#entered = this.#readingBytes;
        resolve();
      });
      this.#stopWaiting = () => {
        stopWaiting();
        resolve();
      };
    });
  }

  leave(): void {
    this.#budget.give(this.#entered);
    this.#entered = 0;
  }

  /** So much waits for the client now. */
  hold(bytes: number): void {
    const before = this.#waitingBytes;
    this.#waitingBytes = this.#ended ? 0 : bytes;
    if (this.#waitingBytes > before) this.#budget.add(this.#waitingBytes - before);
    else this.#budget.give(before - this.#waitingBytes);
  }

  /** Gives everything back. */
  end(): void {
    this.#ended = true;
    this.#stopWaiting?.();
    this.leave();
    this.hold(0);
  }
}
