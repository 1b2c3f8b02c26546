import { describe, expect, it } from 'vitest';
import { Deadline } from '../../../../src/queue/runtime/deadline.ts';
import type { Timers } from '../../../../src/queue/runtime/runtime.ts';

function stoppedTimers() {
  const callbacks = new Set<() => void>();
  const timers: Timers = {
    monotonicMs: () => 0,
    after(_delayMs, callback) {
      callbacks.add(callback);
      return () => callbacks.delete(callback);
    },
  };
  return { timers, elapse: () => callbacks.forEach((callback) => void callback()) };
}

describe('a deadline', () => {
  it('aborts when its time is over, and never once cancelled', () => {
    const { timers, elapse } = stoppedTimers();
    const [first, second] = [new Deadline(timers, 10), new Deadline(timers, 10)];
    second.cancel();
    elapse();
    expect([first.aborted, second.aborted]).toEqual([true, false]);
    expect(first.reason).toBeInstanceOf(Error);
  });

  it('tells each listener once, and none that was removed', () => {
    const { timers, elapse } = stoppedTimers();
    const signal = new Deadline(timers, 10);
    const told: string[] = [];
    const removed = () => void told.push('removed');
    signal.addEventListener('abort', () => told.push('kept'));
    signal.addEventListener('abort', removed);
    signal.removeEventListener('abort', removed);
    elapse();
    elapse();
    expect(told).toEqual(['kept']);
  });
});
