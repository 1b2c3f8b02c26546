/**
 * Tells the operator what is wrong, once: what goes wrong again and again, in the search for a server above all, would
 * fill the log. After things have been well, everything is worth telling again.
 */
import type { Logger } from './logger.ts';

export class Complaints {
  readonly #logger: Logger;
  readonly #told = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Complaints with the same details and message are the same. */
  tell(details: Readonly<Record<string, string>>, message: string): void {
    const key = JSON.stringify([details, message]);
    if (this.#told.has(key)) {
      this.#logger.debug(details, message);
      return;
    }
    this.#told.add(key);
    this.#logger.warn(details, message);
  }

  /** Things are well. */
  forget(): void {
    this.#told.clear();
  }
}
