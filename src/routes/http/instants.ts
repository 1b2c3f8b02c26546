/**
 * Instants on the wire: RFC 3339 with any offset in, UTC with milliseconds out.
 */

/** Its grammar; not every day of it is in the calendar. */
export const RFC_3339 =
  /^([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt]([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)(?:\.([0-9]{1,9}))?(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))$/;

/** Long enough for nanoseconds and an offset. */
export const INSTANT_CHARS_MAX = 35;

/** Milliseconds since 1970 of an RFC 3339 instant (finer fractions are cut off); undefined when it is none. */
export function instantMs(text: string): number | undefined {
  const match = RFC_3339.exec(text);
  if (match === null) {
    return undefined;
  }
  const part = (group: number): number => Number(match[group] ?? 0);
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  if (!isDay(year, month, day)) {
    return undefined;
  }
  // 60 is a leap second; like most clocks, this one counts it as the first of the next minute.
  const fractionMs = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3));
  const offsetMinutes = (match[8] === '-' ? -1 : 1) * (part(9) * 60 + part(10));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute - offsetMinutes, second, fractionMs);
  return date.getTime();
}

/** Date would roll 30 February over into March; the calendar has no such day. */
function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** The instant in UTC with milliseconds. */
export function instantText(ms: number): string {
  return new Date(ms).toISOString();
}
