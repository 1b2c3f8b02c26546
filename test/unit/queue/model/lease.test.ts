import { expect, it } from 'vitest';
import { isInFlight, isLeased, isReady, stateOf } from '../../../../src/queue/model/lease.ts';
import { BURIED, type Run, WAITING } from '../../../../src/queue/model/page.ts';

const run = (lease: number): Run => ({ start: 0, length: 1, untilMs: 1000, deliveries: 1, lease });
const leased = run(7);
const waiting = run(WAITING);
const buried = run(BURIED);

it('a lease holds before its end, and no longer at it', () => {
  expect([999, 1000, 1001].map((nowMs) => isLeased(leased, nowMs))).toEqual([true, false, false]);
  expect([999, 1000, 1001].map((nowMs) => isReady(leased, nowMs))).toEqual([false, true, true]);
  expect([999, 1000, 1001].map((nowMs) => stateOf(leased, nowMs))).toEqual(['leased', 'ready', 'ready']);
});

it('a message that was nacked with a delay is in flight until then, and nobody holds it', () => {
  expect([999, 1000].map((nowMs) => isInFlight(waiting, nowMs))).toEqual([true, false]);
  expect([999, 1000].map((nowMs) => isReady(waiting, nowMs))).toEqual([false, true]);
  expect([999, 1000].map((nowMs) => stateOf(waiting, nowMs))).toEqual(['delayed', 'ready']);
  expect(isLeased(waiting, 999)).toBe(false);
});

it('what went to the dead letters is neither held nor ready, at any time', () => {
  for (const nowMs of [999, 1000, 1001]) {
    expect(isLeased(buried, nowMs)).toBe(false);
    expect(isInFlight(buried, nowMs)).toBe(false);
    expect(isReady(buried, nowMs)).toBe(false);
  }
});
