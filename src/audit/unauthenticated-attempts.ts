/**
 * Attempts to manage something that were refused before the gateway knew who made them. Anybody can make any number of
 * them, so the log gets the first at once, and then at most one line a minute that sums up the others.
 */
import type { FastifyBaseLogger } from 'fastify';

const SUMMARY_EVERY_MS = 60_000;
/** So many of the addresses are named. */
const ADDRESSES_MAX = 10;

export class UnauthenticatedAttempts {
  readonly #logger: Pick<FastifyBaseLogger, 'warn'>;
  readonly #addresses = new Set<string>();
  #attempts = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(logger: Pick<FastifyBaseLogger, 'warn'>) {
    this.#logger = logger;
  }

  note({ remoteAddress }: { readonly remoteAddress: string }): void {
    this.#attempts += 1;
    if (this.#addresses.size < ADDRESSES_MAX) this.#addresses.add(remoteAddress);
    if (this.#timer === undefined) this.#tell();
  }

  /** Tells what has not been told yet. */
  close(): void {
    clearTimeout(this.#timer);
    if (this.#attempts > 0) this.#tell();
    clearTimeout(this.#timer);
  }

  #tell(): void {
    const line = { attempts: this.#attempts, remoteAddresses: [...this.#addresses] };
    this.#logger.warn(line, 'attempts to manage were refused before it was known whose they are');
    this.#attempts = 0;
    this.#addresses.clear();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#attempts > 0) this.#tell();
    }, SUMMARY_EVERY_MS);
    this.#timer.unref();
  }
}
