/** A share of the simulation with fresh seeds; `npm run simulate` does as many as one likes. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { simulate } from './simulation.ts';

const RUNS = 100;

describe('simulated clusters', () => {
  it(`keep every promise in ${RUNS} runs with fresh seeds`, async () => {
    const seed = randomBytes(4).toString('hex');
    const sums = { faults: 0, stored: 0, deliveries: 0, acked: 0 };
    for (let run = 0; run < RUNS; run += 1) {
      const { violations, faults, counts } = await simulate(`${seed}-${run}`);
      expect(violations, `npm run simulate -- --runs 1 --seed ${seed}-${run}`).toEqual([]);
      sums.faults += faults.length;
      for (const name of ['stored', 'deliveries', 'acked'] as const) sums[name] += counts[name];
    }
    // Runs in which nothing happens would keep any promise.
    expect(sums.faults).toBeGreaterThan(RUNS);
    expect(Math.min(sums.stored, sums.deliveries, sums.acked)).toBeGreaterThan(30 * RUNS);
  }, 600_000);

  it('give the same run for the same seed', async () => {
    const [first, second] = [await simulate('the same'), await simulate('the same')];
    expect(second).toEqual(first);
  });
});
