/** The real clock, timers and randomness of a process, for `main.ts` and tests to pass into the engine. */
import { randomBytes } from 'node:crypto';
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

export const systemRandom: Random = {
  fraction: () => Math.random(),
  token(length) {
    // Bytes of 252 and above would favour the first letters: 252 is the largest multiple of 36 below 256.
    let token = '';
    while (token.length < length) {
      for (const byte of randomBytes(length + 4)) {
        if (byte < 252 && token.length < length) token += ALPHABET[byte % 36];
      }
    }
    return token;
  },
};
