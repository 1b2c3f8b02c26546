/** Waiting for a condition with a limit: what tests do instead of sleeping and hoping. */
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * For a consumer that must be woken: shorter than the interval of 20 s and more after which those who wait look without
 * having been woken, so that a wake-up that is missing does not go unnoticed.
 */
export const wakeLimitMs = 15_000;

/** Returns once the condition holds; fails with its description when it does not within the limit. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  description: string,
  limitMs = 40_000,
): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`Not within ${limitMs} ms: ${description}`);
    await sleep(25);
  }
}
