import { expect, test } from 'vitest';
import { watchForCutOff } from '../../../../src/queue/limits/cut-off.ts';
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
  return { world, disconnectedMs: watchForCutOff(store, timers) };
}

test('the time without a connection runs from the loss of the connection until there is one again', () => {
  const { world, disconnectedMs } = makeWorld('connected');
  world.nowMs += 60_000;
  expect(disconnectedMs()).toBe(0);
  world.enter('suspended');
  world.nowMs += 3_000;
  world.enter('lost');
  expect(disconnectedMs()).toBe(3_000);
  world.nowMs += 2_001;
  expect(disconnectedMs()).toBe(5_001);
  world.enter('connected');
  expect(disconnectedMs()).toBe(0);
});

test('before the first connection it runs from the start', () => {
  const { world, disconnectedMs } = makeWorld('suspended');
  expect(disconnectedMs()).toBe(0);
  world.nowMs += 5_001;
  expect(disconnectedMs()).toBe(5_001);
});
