/** The loop of optimistic commits: how long it goes on, and how it ends. */
import { describe, expect, it } from 'vitest';
import { AGAIN, attemptUntilDone } from '../../../../src/queue/commit/optimistic.ts';
import type { CallSignal } from '../../../../src/queue/model/call-signal.ts';

/** A request's time that ends when the test says so. */
function requestTime() {
  const running = new Set<() => void>();
  const timers = {
    monotonicMs: () => 0,
    after(_delayMs: number, callback: () => void) {
      running.add(callback);
      return () => void running.delete(callback);
    },
  };
  const runtime = { timers, requestTimeoutMs: 10 };
  return { runtime, running, elapse: () => running.forEach((callback) => void callback()) };
}

describe('attempting until done', () => {
  it('gives the first result, whatever it is', async () => {
    const { runtime, running } = requestTime();
    const answers = [AGAIN, AGAIN, undefined, 'never asked for'] as const;
    let attempts = 0;
    const result = await attemptUntilDone(runtime, async () => answers[attempts++]);
    expect([result, attempts, running.size]).toEqual([undefined, 3, 0]);
  });

  it('gives up as unavailable when others were faster until the time is over', async () => {
    const { runtime, running, elapse } = requestTime();
    let attempts = 0;
    const attempting = attemptUntilDone(runtime, async () => {
      attempts += 1;
      if (attempts === 3) elapse();
      return AGAIN;
    });
    await expect(attempting).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching('Others keep changing this'),
    });
    expect([attempts, running.size]).toEqual([3, 0]);
  });

  it('lets an attempt end that is under way when the time is over, and shows it that it is', async () => {
    const { runtime, elapse } = requestTime();
    const seen: boolean[] = [];
    const attempt = async (signal: CallSignal) => {
      seen.push(signal.aborted);
      elapse();
      seen.push(signal.aborted);
      return 'done';
    };
    expect(await attemptUntilDone(runtime, attempt)).toBe('done');
    expect(seen).toEqual([false, true]);
  });

  it('ends with what an attempt throws, and leaves no timer', async () => {
    const { runtime, running } = requestTime();
    await expect(attemptUntilDone(runtime, () => Promise.reject(new Error('as it is')))).rejects.toThrow(
      'as it is',
    );
    expect(running.size).toBe(0);
  });
});
