/** Waiting for a condition with a limit: what tests do instead of sleeping and hoping. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Returns once the condition holds; fails with its description when it does not within the limit. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  description: string,
  limitMs = 20_000,
): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`Not within ${limitMs} ms: ${description}`);
    await sleep(25);
  }
}
