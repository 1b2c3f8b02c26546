/** What everything costs: requests to the ensemble, watches and timers, measured for each gateway. */

/** Of a cluster that has been left alone for some time, in each quarter of an hour. */
export interface Idleness {
  readonly requests: number;
  readonly watches: number;
  readonly timers: number;
}

/** Several times what any run has needed so far. */
const LIMITS: Idleness = { requests: 300, watches: 150, timers: 12 };
/** A request of a client costs a handful, however much waits behind it; one that goes round costs hundreds. */
const READS_MAX = 60;

export function idlenessViolations(each: Idleness): string[] {
  return (['requests', 'watches', 'timers'] as const)
    .filter((what) => each[what] > LIMITS[what])
    .map((what) => `a gateway that nobody asks for anything has ${Math.round(each[what])} ${what}`);
}

/** @param reads of all gateways while clients were at work, with nothing the matter */
export function costViolations(reads: number, requests: number): string[] {
  const each = reads / Math.max(1, requests);
  return each > READS_MAX ? [`a request took ${Math.round(each)} reads on average`] : [];
}
