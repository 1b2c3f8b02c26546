/** A request that waits for the ensemble: settled exactly once, and told the truth about how far it has come. */
import { describe, expect, it, vi } from 'vitest';
import { Pending } from '../../../../src/queue/commit/pending.ts';
import type { Timers } from '../../../../src/queue/runtime/runtime.ts';

/** A timer that runs out when the test says so. */
function manualTimers() {
  const running = new Set<() => void>();
  const timers: Timers = {
    monotonicMs: () => 0,
    after(_delayMs, callback) {
      running.add(callback);
      return () => running.delete(callback);
    },
  };
  return { timers, running, runOut: () => running.forEach((callback) => void callback()) };
}

function pendingFor(signal?: AbortSignal) {
  const { timers, running, runOut } = manualTimers();
  const onSettled = vi.fn();
  return { pending: new Pending<string>(timers, 100, signal, onSettled), running, runOut, onSettled };
}

describe('a pending request', () => {
  it('is settled by its result, once, and leaves no timer', async () => {
    const { pending, running, onSettled } = pendingFor();
    pending.markSent();
    pending.settle('first');
    pending.settle('second');
    pending.fail(new Error('late'));
    expect(await pending.promise).toBe('first');
    expect(pending.open).toBe(false);
    expect(onSettled).toHaveBeenCalledTimes(1);
    expect(running.size).toBe(0);
  });

  it.each([
    ['has never been sent', (_pending: Pending<string>) => {}, 'unavailable'],
    ['has been sent', (pending: Pending<string>) => pending.markSent(), 'outcome-unknown'],
    [
      'was sent in a write that was certainly not applied',
      (pending: Pending<string>) => {
        pending.markSent();
        pending.markQueued();
      },
      'unavailable',
    ],
  ])('whose time runs out when it %s fails accordingly', async (_when, bringThere, code) => {
    const { pending, runOut } = pendingFor();
    bringThere(pending);
    runOut();
    await expect(pending.promise).rejects.toMatchObject({ code });
  });

  it('ends when its client goes away before it is sent', async () => {
    const client = new AbortController();
    const { pending, running } = pendingFor(client.signal);
    client.abort();
    await expect(pending.promise).rejects.toMatchObject({ code: 'unavailable' });
    expect(running.size).toBe(0);
  });

  it('that is under way is not ended by its client going away, but is once it is queued again', async () => {
    const client = new AbortController();
    const { pending } = pendingFor(client.signal);
    pending.markSent();
    client.abort();
    expect(pending.open).toBe(true);
    pending.markQueued();
    await expect(pending.promise).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('of a client that is gone already is never sent', async () => {
    const { pending, onSettled } = pendingFor(AbortSignal.abort());
    expect(pending.open).toBe(false);
    expect(onSettled).toHaveBeenCalledTimes(1);
    await expect(pending.promise).rejects.toMatchObject({ code: 'unavailable' });
  });
});
