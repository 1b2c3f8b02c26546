/** What a topic keeps can be seen and read again. All instants are virtual; no clock has jumped. */

/** A message that is stored for certain, and when it entered the log: at the earliest, and at the latest. */
export interface Appended {
  readonly key: string;
  readonly fromMs: number;
  readonly byMs: number;
}

/** Gateways' pictures of the clock, and the way of what is under way. */
const TOLERANCE_MS = 200;

/** Whatever is younger than the retention is there. */
export function browseViolations(
  appended: readonly Appended[],
  keys: ReadonlySet<string>,
  askedMs: number,
  retentionMs: number,
): string[] {
  const missing = appended.filter(
    ({ key, fromMs, byMs }) =>
      byMs <= askedMs && fromMs > askedMs - retentionMs + 10 * TOLERANCE_MS && !keys.has(key),
  );
  return missing.map(
    ({ key, fromMs }) => `${key} was gone from the archive ${Math.round(askedMs - fromMs)} ms after it came`,
  );
}

/**
 * @param there what could be seen after the seek
 * @param given what was delivered after it
 * @param toMs where the seek was to go
 */
export function seekViolations(
  appended: readonly Appended[],
  there: ReadonlySet<string>,
  given: readonly string[],
  toMs: number,
): string[] {
  const got = new Set(given);
  const skipped = appended.filter(
    ({ key, fromMs }) => fromMs > toMs + TOLERANCE_MS && there.has(key) && !got.has(key),
  );
  const early = appended.filter(({ key, byMs }) => byMs < toMs - TOLERANCE_MS && got.has(key));
  const found: string[] = [];
  if (skipped.length > 0) found.push(`a seek skipped ${skipped.length} messages from its instant on`);
  if (early.length > 0) found.push(`a seek came to ${early.length} messages from before its instant`);
  if (got.size < given.length) found.push('a seek gave a message twice');
  return found;
}
