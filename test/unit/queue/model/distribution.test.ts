import { expect, test } from 'vitest';
import { Distribution } from '../../../../src/queue/model/distribution.ts';

test('a value counts with the first bound that it does not exceed, and what exceeds all of them is counted too', () => {
  const distribution = new Distribution([1, 10]);
  for (const value of [0, 1, 1.5, 10, 11, 1000]) distribution.add(value);
  expect(distribution.counts).toEqual([2, 2, 2]);
  expect(distribution.sum).toBe(1023.5);
});
