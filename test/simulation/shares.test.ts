/** A gateway far from the ensemble beside a near one; `npm run simulate -- --family shares` tries as many as one likes. */
import { expect, it } from 'vitest';
import { simulate } from './simulation.ts';

it.each(['a', 'b', 'c'])(
  'a far gateway gets at least half of its share of a queue: seed %s',
  async (seed) => {
    const { violations, counts } = await simulate(`shares/${seed}`);
    expect(violations).toEqual([]);
    expect(counts.requests).toBeGreaterThan(1_000);
  },
  120_000,
);
