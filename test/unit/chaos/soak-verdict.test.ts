/** Growth is told from noise. */
import { describe, expect, test } from 'vitest';
import { parseMonitor } from '../../../chaos/process-measures.ts';
import { growthOf, median } from '../../../chaos/soak-verdict.ts';

const allowance = { share: 0.1, absolute: 5 };
const steps = Array.from({ length: 100 }, (_, index) => index);

describe('growth', () => {
  test('is what the second half has more than the first', () => {
    expect(growthOf(steps, allowance)).toEqual({ first: 39.5, second: 79.5, grows: true });
  });

  test('is not what comes and goes', () => {
    const noise = steps.map((step) => 100 + (step % 7) * 10);
    expect(growthOf(noise, allowance)).toMatchObject({ grows: false });
  });

  test('is not what happens at the start', () => {
    const warmUp = steps.map((step) => (step < 20 ? step * 10 : 200));
    expect(growthOf(warmUp, allowance)).toEqual({ first: 200, second: 200, grows: false });
  });

  test('is not a single spike', () => {
    expect(growthOf([...steps.slice(0, 99).fill(50), 5_000], allowance)).toMatchObject({ grows: false });
  });

  test('is allowed within a share of a large measure, and an amount of a small one', () => {
    const stepUp = (low: number, high: number) => steps.map((step) => (step < 60 ? low : high));
    expect(growthOf(stepUp(1_000, 1_100), allowance)).toMatchObject({ grows: false });
    expect(growthOf(stepUp(1_000, 1_101), allowance)).toMatchObject({ grows: true });
    expect(growthOf(stepUp(10, 15), allowance)).toMatchObject({ grows: false });
    expect(growthOf(stepUp(10, 16), allowance)).toMatchObject({ grows: true });
  });

  test('is not judged by a few samples', () => {
    expect(growthOf([1, 2, 3, 100], allowance)).toBeUndefined();
  });
});

test('the median of an even number is between the two in the middle', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([3, 1, 2])).toBe(2);
  expect(() => median([])).toThrow('no median');
});

test("ZooKeeper's own measures are read", () => {
  const answer = 'zk_version\t3.8.0\nzk_avg_latency\t1.25\nzk_znode_count\t42\nzk_watch_count\t7\n';
  expect(parseMonitor(`${answer}zk_outstanding_requests\t0\n`)).toEqual({
    nodes: 42,
    watches: 7,
    averageLatencyMs: 1.25,
    outstanding: 0,
  });
});
