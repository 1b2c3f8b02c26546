/** What waits for its time: names that sort, buckets that bound, and one state that stands for all. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bucketOf,
  decodeSchedule,
  EMPTY_SCHEDULE,
  encodeSchedule,
  scheduledPrefix,
  scheduledSlots,
  startOfBucket,
  withScheduled,
} from '../../../../src/queue/model/schedule.ts';

const DUE_MS = 1_893_456_000_250;

function slotName(dueMs: number, sequence: number, count = 1, bytes = 10): string {
  return `${scheduledPrefix(dueMs, count, bytes, 'x7')}${String(sequence).padStart(10, '0')}`;
}

describe('the slots of a schedule', () => {
  it('tell from their names all that was written into them', () => {
    const name = slotName(DUE_MS, 12, 2, 80);
    const slot = { name, dueMs: DUE_MS, count: 2, bytes: 80, token: 'x7', sequence: 12 };
    expect(scheduledSlots([name])).toEqual([slot]);
  });

  it('come in the order in which they are due, and as numbers rather than as text', () => {
    const names = [slotName(DUE_MS, 1), slotName(999, 3), slotName(10_000, 2)];
    expect(scheduledSlots(names).map(({ dueMs }) => dueMs)).toEqual([999, 10_000, DUE_MS]);
  });

  it('that are due at once come in the order in which they were scheduled, whatever their sizes', () => {
    const names = [slotName(DUE_MS, 10, 1, 5), slotName(DUE_MS, 9, 7, 900), slotName(DUE_MS, 2, 3, 1)];
    expect(scheduledSlots(names).map(({ sequence }) => sequence)).toEqual([2, 9, 10]);
  });

  it('leave the list that they are made from as it was', () => {
    const names = Object.freeze([slotName(2, 1), slotName(1, 2)]);
    expect(scheduledSlots(names).map(({ name }) => name)).toEqual([names[1], names[0]]);
  });

  it('refuse a name that is none of theirs', () => {
    for (const name of ['', '5.1.10.x7', '5.1.10-0000000001', '5.1.10.x7-1', '-5.1.10.x7-0000000001']) {
      expect(() => scheduledSlots([name])).toThrow(`not a scheduled entry: ${name}`);
    }
  });
});

describe('the buckets of a schedule', () => {
  it('are the hours and minutes since 1970', () => {
    expect(bucketOf(0)).toEqual({ hour: '0', minute: '0' });
    expect(bucketOf(59_999)).toEqual({ hour: '0', minute: '0' });
    expect(bucketOf(60_000)).toEqual({ hour: '0', minute: '1' });
    expect(bucketOf(3_599_999)).toEqual({ hour: '0', minute: '59' });
    expect(bucketOf(3_600_000)).toEqual({ hour: '1', minute: '60' });
    expect(bucketOf(DUE_MS)).toEqual({ hour: '525960', minute: '31557600' });
  });

  it('begin no later than anything in them, and end behind it, with each minute within its hour', () => {
    const property = fc.property(fc.nat({ max: 2 ** 42 }), (dueMs) => {
      const { hour, minute } = bucketOf(dueMs);
      const [hourMs, minuteMs] = [startOfBucket(hour, 'hour'), startOfBucket(minute, 'minute')];
      expect(minuteMs <= dueMs && dueMs < minuteMs + 60_000).toBe(true);
      expect(hourMs <= minuteMs && minuteMs + 60_000 <= hourMs + 3_600_000).toBe(true);
    });
    fc.assert(property);
  });
});

describe('the state of a schedule', () => {
  it('is empty when nothing was ever written, and reads back as it was written', () => {
    const state = { messages: 3, bytes: 120, nextMs: DUE_MS, epoch: 4, changes: 9 };
    expect(decodeSchedule(Buffer.alloc(0))).toEqual(EMPTY_SCHEDULE);
    expect(decodeSchedule(encodeSchedule(state))).toEqual(state);
    expect(decodeSchedule(encodeSchedule(EMPTY_SCHEDULE))).toEqual(EMPTY_SCHEDULE);
  });

  it('sums up what is scheduled and keeps the earliest time, in whatever order it comes', () => {
    const scheduled = fc.record({
      dueMs: fc.nat(),
      count: fc.integer({ min: 1, max: 1000 }),
      bytes: fc.nat(),
    });
    const property = fc.property(fc.array(scheduled, { minLength: 1 }), fc.nat(), (all, epoch) => {
      const begin = { ...EMPTY_SCHEDULE, epoch };
      const end = all.reduce(
        (state, { dueMs, count, bytes }) => withScheduled(state, dueMs, count, bytes),
        begin,
      );
      expect(end).toEqual({
        messages: all.reduce((sum, { count }) => sum + count, 0),
        bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
        nextMs: Math.min(...all.map(({ dueMs }) => dueMs)),
        epoch,
        changes: 0,
      });
    });
    fc.assert(property);
  });

  it('counts a time at the very beginning of 1970 as a time', () => {
    const state = withScheduled(withScheduled(EMPTY_SCHEDULE, 0, 1, 1), 5, 1, 1);
    expect(state.nextMs).toBe(0);
  });
});
