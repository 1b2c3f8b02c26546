/** The real clock, timers and randomness of a process, for `main.ts` and tests to pass into the engine. */
import { randomFillSync } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Random, Timers } from './runtime.ts';

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

export const systemTimers: Timers = {
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Random bytes, drawn in portions: one call costs as much for a few as for thousands. */
class RandomBytes {
  readonly #drawn = Buffer.alloc(4096);
  #used = this.#drawn.length;

  next(): number {
    if (this.#used === this.#drawn.length) {
      randomFillSync(this.#drawn);
      this.#used = 0;
    }
    const byte = this.#drawn[this.#used] as number;
    this.#used += 1;
    return byte;
  }
}

const randomBytes = new RandomBytes();

export const systemRandom: Random = {
  fraction: () => Math.random(),
  token(length) {
    // Bytes of 252 and above would favour the first letters: 252 is the largest multiple of 36 below 256.
    let token = '';
    while (token.length < length) {
      const byte = randomBytes.next();
      if (byte < 252) token += ALPHABET[byte % 36];
    }
    return token;
  },
};
