import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RateLimiter, rateDecision } from '../../../src/access/rate-limiter.ts';
import { NO_RIGHTS, type Principal } from '../../../src/access/rights.ts';

const principal = (name: string, rate?: Principal['rate']): Principal => ({
  name,
  rights: NO_RIGHTS,
  ...(rate === undefined ? {} : { rate }),
});

describe('requests at a rate', () => {
  test('are admitted until the burst is used up, and then as it refills', () => {
    let nowMs = 1_000;
    const rates = new RateLimiter({ perSecond: 10, burst: 3 }, () => nowMs);
    const one = principal('one');
    const send = () => rates.admit(one) === undefined;
    expect([send(), send(), send(), send()]).toEqual([true, true, true, false]);
    nowMs += 100;
    expect([send(), send()]).toEqual([true, false]);
    nowMs += 10_000;
    expect([send(), send(), send(), send()]).toEqual([true, true, true, false]);
  });

  test('are told how long to wait, and are admitted then', () => {
    let nowMs = 0;
    const rates = new RateLimiter({ perSecond: 4, burst: 1 }, () => nowMs);
    const one = principal('one');
    expect(rates.admit(one)).toBeUndefined();
    nowMs = 100;
    expect(rates.admit(one)).toBeCloseTo(150);
    nowMs = 250;
    expect(rates.admit(one)).toBeUndefined();
  });

  test('are counted for each principal, with a limit of its own if it has one', () => {
    const rates = new RateLimiter({ perSecond: 1, burst: 1 }, () => 0);
    const admitted = ['a', 'b', 'a'].map((name) => rates.admit(principal(name)) === undefined);
    expect(admitted).toEqual([true, true, false]);
    const own = principal('own', { perSecond: 1, burst: 2 });
    expect([1, 2, 3].map(() => rates.admit(own) === undefined)).toEqual([true, true, false]);
  });

  test('are not limited when no limit is set', () => {
    const rates = new RateLimiter(undefined, () => 0);
    expect(Array.from({ length: 1000 }, () => rates.admit(principal('a')))).toEqual(
      Array(1000).fill(undefined),
    );
  });

  test('never exceed the burst and the rate over any time, and never fall short of the rate', () => {
    const rate = fc.record({
      perSecond: fc.double({ min: 0.1, max: 1e5, noNaN: true }),
      burst: fc.integer({ min: 1, max: 50 }),
    });
    const pauses = fc.array(fc.double({ min: 0, max: 2_000, noNaN: true }), { maxLength: 100 });
    fc.assert(
      fc.property(rate, pauses, ({ perSecond, burst }, pausesMs) => {
        let [nowMs, fullAtMs, admitted] = [0, 0, 0];
        for (const pauseMs of pausesMs) {
          nowMs += pauseMs;
          const result = rateDecision(fullAtMs, nowMs, { perSecond, burst });
          if (result.isAdmitted) {
            fullAtMs = result.fullAtMs;
            admitted += 1;
          } else {
            const later = rateDecision(fullAtMs, nowMs + result.retryAfterMs, { perSecond, burst });
            expect(later.isAdmitted).toBe(true);
          }
        }
        expect(admitted).toBeLessThanOrEqual(burst + (nowMs / 1000) * perSecond + 1e-6);
        expect(admitted).toBeGreaterThanOrEqual(Math.min(pausesMs.length, burst));
      }),
    );
  });
});
