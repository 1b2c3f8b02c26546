import { expect, test } from 'vitest';
import { Outage } from '../../../../src/queue/limits/outage.ts';
import type { Timers } from '../../../../src/queue/runtime/runtime.ts';
import type { Store, StoreState } from '../../../../src/queue/zookeeper/store.ts';

/** A store of which only the state counts, and a clock that is set. */
function makeWorld(state: StoreState) {
  let listener: (state: StoreState) => void = () => {};
  const world = { nowMs: 1_000, enter: (next: StoreState) => listener(next) };
  const store = {
    state,
    onState(each: typeof listener) {
      listener = each;
      return () => {};
    },
  } as Store;
  const timers = { monotonicMs: () => world.nowMs } as Timers;
  return { world, outage: new Outage(store, timers) };
}

test('an outage lasts from the loss of the connection until there is one again', () => {
  const { world, outage } = makeWorld('connected');
  world.nowMs += 60_000;
  expect(outage.isLongerThan(5_000)).toBe(false);
  world.enter('suspended');
  world.nowMs += 3_000;
  world.enter('lost');
  expect(outage.isLongerThan(5_000)).toBe(false);
  world.nowMs += 2_001;
  expect(outage.isLongerThan(5_000)).toBe(true);
  world.enter('connected');
  expect(outage.isLongerThan(0)).toBe(false);
});

test('before the first connection it lasts from the start', () => {
  const { world, outage } = makeWorld('suspended');
  expect(outage.isLongerThan(5_000)).toBe(false);
  world.nowMs += 5_001;
  expect(outage.isLongerThan(5_000)).toBe(true);
});
