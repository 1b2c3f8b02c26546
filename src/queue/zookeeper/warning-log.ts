/**
 * Warns the operator of each trouble once. A gateway that looks for a server meets the same trouble many times a minute,
 * and would fill the log. Once all is well again, every trouble is worth a new warning.
 */
import type { Logger } from '../model/logger.ts';

export class WarningLog {
  readonly #logger: Logger;
  readonly #told = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Warns, unless it has warned in the same words with the same details before. */
  warn(details: Readonly<Record<string, string>>, message: string): void {
    const key = JSON.stringify([details, message]);
    if (this.#told.has(key)) {
      this.#logger.debug(details, message);
      return;
    }
    this.#told.add(key);
    this.#logger.warn(details, message);
  }

  /** All is well: from now on everything is worth a warning again. */
  reset(): void {
    this.#told.clear();
  }
}
