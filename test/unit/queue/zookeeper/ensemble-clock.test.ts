import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EnsembleClock } from '../../../../src/queue/zookeeper/ensemble-clock.ts';

describe('the clock of the ensemble', () => {
  it('is 0 before the first sample', () => {
    expect(new EnsembleClock().now(5)).toBe(0);
  });

  it('goes on from the sample by the monotonic clock', () => {
    const clock = new EnsembleClock();
    clock.sample(1_000_000, 500);
    expect(clock.now(500)).toBe(1_000_000);
    expect(clock.now(750.9)).toBe(1_000_250);
  });

  it('takes the quicker of two answers', () => {
    const clock = new EnsembleClock();
    clock.sample(1_000, 100);
    clock.sample(1_300, 110);
    clock.sample(1_310, 200);
    expect(clock.now(200)).toBe(1_390);
  });

  it('keeps a quick answer while slow ones follow, and lets it go when it is old', () => {
    const clock = new EnsembleClock();
    clock.sample(10_000, 0);
    for (let atMs = 1_000; atMs <= 9_000; atMs += 1_000) clock.sample(10_000 + atMs - 400, atMs);
    expect(clock.now(9_000)).toBe(19_000);
    for (let atMs = 10_000; atMs <= 16_000; atMs += 1_000) clock.sample(10_000 + atMs - 400, atMs);
    expect(clock.now(16_000)).toBe(25_600);
  });

  it('follows a leader whose clock is behind the last one’s, after a new connection', () => {
    const clock = new EnsembleClock();
    clock.sample(10_000, 0);
    clock.reset();
    expect(clock.now(100)).toBe(10_100);
    clock.sample(9_000, 200);
    expect(clock.now(200)).toBe(9_000);
  });

  it('is never ahead of the leader, and behind by no more than the quickest recent answer took', () => {
    const answers = fc.array(fc.record({ pauseMs: fc.nat(3_000), latencyMs: fc.nat(500) }), { minLength: 1 });
    fc.assert(
      fc.property(answers, fc.integer({ min: -1_000_000, max: 1_000_000_000 }), (samples, offsetMs) => {
        const clock = new EnsembleClock();
        let monotonicMs = 0;
        for (const { pauseMs, latencyMs } of samples) {
          monotonicMs += pauseMs + latencyMs;
          clock.sample(monotonicMs - latencyMs + offsetMs, monotonicMs);
          const behindMs = monotonicMs + offsetMs - clock.now(monotonicMs);
          expect(behindMs).toBeGreaterThanOrEqual(0);
          expect(behindMs).toBeLessThanOrEqual(latencyMs);
        }
      }),
    );
  });
});
