/**
 * Messages that wait for their time: how they are kept, and what the one node tells that stands for all of them. Pure.
 *
 *     /scheduled                      {"messages": 3, "bytes": 120, "nextMs": 1893456000250, "epoch": 0, …}
 *        /0                           the epoch
 *           /525960                   hours since 1970
 *              /31557600              minutes since 1970
 *                 /1893456000250.2.80.x7…-0000000000     <due>.<count>.<bytes>.<token>-<sequence>
 *
 * Every change of the schedule sets the one node, under its version: so the numbers are exact, `nextMs` is never later
 * than the earliest entry, and whoever watches that node misses nothing. Finding what is due lists one hour and one
 * minute, however many messages wait for later.
 */

export interface ScheduleState {
  readonly messages: number;
  readonly bytes: number;
  /** Nothing is due before; null when nothing is scheduled. */
  readonly nextMs: number | null;
  /** Counts purges: what lies under another epoch is gone, and being removed. */
  readonly epoch: number;
  /** Counts every change. Unlike the node's version it does not come to an end. */
  readonly changes: number;
}

export const EMPTY_SCHEDULE: ScheduleState = { messages: 0, bytes: 0, nextMs: null, epoch: 0, changes: 0 };

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

export interface ScheduledSlot {
  readonly name: string;
  readonly dueMs: number;
  readonly count: number;
  readonly bytes: number;
  readonly token: string;
  readonly sequence: number;
}

export function encodeSchedule(state: ScheduleState): Buffer {
  return Buffer.from(JSON.stringify(state));
}

export function decodeSchedule(data: Buffer): ScheduleState {
  return data.length === 0 ? EMPTY_SCHEDULE : (JSON.parse(data.toString()) as ScheduleState);
}

export function withScheduled(
  state: ScheduleState,
  dueMs: number,
  count: number,
  bytes: number,
): ScheduleState {
  return {
    ...state,
    messages: state.messages + count,
    bytes: state.bytes + bytes,
    nextMs: state.nextMs === null ? dueMs : Math.min(state.nextMs, dueMs),
  };
}

/** Path components below the schedule for an instant. */
export function bucketOf(dueMs: number): { hour: string; minute: string } {
  return { hour: String(Math.floor(dueMs / HOUR_MS)), minute: String(Math.floor(dueMs / MINUTE_MS)) };
}

/** Nothing in an hour or minute is due before this. */
export function startOfBucket(name: string, kind: 'hour' | 'minute'): number {
  return Number(name) * (kind === 'hour' ? HOUR_MS : MINUTE_MS);
}

export function scheduledPrefix(dueMs: number, count: number, bytes: number, token: string): string {
  return `${dueMs}.${count}.${bytes}.${token}-`;
}

/** In the order in which they become due; of those due at once, in the order in which they were scheduled. */
export function scheduledSlots(names: readonly string[]): ScheduledSlot[] {
  return names.map(parseScheduledName).sort((a, b) => a.dueMs - b.dueMs || a.sequence - b.sequence);
}

function parseScheduledName(name: string): ScheduledSlot {
  const match = /^(\d+)\.(\d+)\.(\d+)\.([0-9a-z]+)-(\d{10})$/.exec(name);
  if (match === null) throw new Error(`not a scheduled entry: ${name}`);
  return {
    name,
    dueMs: Number(match[1]),
    count: Number(match[2]),
    bytes: Number(match[3]),
    token: match[4] as string,
    sequence: Number(match[5]),
  };
}
