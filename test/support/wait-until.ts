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

/**
 * What reading brings once several readings in a row have agreed: what goes on in the background, such as trimming, shows
 * in statistics for a moment.
 */
export async function whenSettled<Value>(read: () => Promise<Value>): Promise<Value> {
  let value = await read();
  let still = 0;
  await waitUntil(async () => {
    const now = await read();
    still = JSON.stringify(now) === JSON.stringify(value) ? still + 1 : 0;
    value = now;
    return still >= 3;
  }, 'several readings agree');
  return value;
}
