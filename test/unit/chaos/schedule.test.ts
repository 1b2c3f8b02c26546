/** The schedule of faults: the same for the same seed, and each kind in its turn. */
import { expect, test } from 'vitest';
import { allFaults, faultsNamed } from '../../../chaos/faults/index.ts';
import { type FaultKind, plannedFaults } from '../../../chaos/schedule.ts';
import { pickOne, seededRandom } from '../../../chaos/seeded-random.ts';

const kinds: readonly FaultKind[] = [
  { name: 'flood', lastsMs: [1_000, 5_000] },
  { name: 'fire', lastsMs: [0, 0] },
];

function first(count: number, seed: number, of = kinds) {
  const plan = plannedFaults(seed, of);
  return Array.from({ length: count }, () => plan.next().value);
}

test('the same seed plans the same faults, and another one other times', () => {
  expect(first(20, 7)).toEqual(first(20, 7));
  expect(first(20, 7)).not.toEqual(first(20, 8));
});

test('each kind comes once in each round, in its order', () => {
  expect(first(4, 1).map(({ name }) => name)).toEqual(['flood', 'fire', 'flood', 'fire']);
});

test('a fault lasts as long as its kind may, and differently long', () => {
  const floods = first(200, 3).filter(({ name }) => name === 'flood');
  for (const { lastsMs, gapMs } of floods) {
    expect(lastsMs).toBeGreaterThanOrEqual(1_000);
    expect(lastsMs).toBeLessThanOrEqual(5_000);
    expect(gapMs).toBeGreaterThan(0);
  }
  expect(new Set(floods.map(({ lastsMs }) => lastsMs)).size).toBeGreaterThan(50);
});

test('there is nothing to plan without faults', () => {
  expect(() => plannedFaults(1, []).next()).toThrow('no fault');
});

test('a round of all faults fits into five minutes', () => {
  const ms = first(allFaults.length, 1, allFaults).reduce(
    (sum, fault) => sum + fault.gapMs + fault.lastsMs,
    0,
  );
  // Recovery and what those take that do all at once come on top.
  expect(ms).toBeLessThan(120_000);
});

test('faults are found by name, and a name that does not exist is an error', () => {
  expect(faultsNamed(['gateway-killed', 'leader-killed']).map(({ name }) => name)).toEqual([
    'leader-killed',
    'gateway-killed',
  ]);
  expect(faultsNamed()).toBe(allFaults);
  expect(() => faultsNamed(['leader-kiled'])).toThrow('no fault "leader-kiled"');
  expect(new Set(allFaults.map(({ name }) => name)).size).toBe(allFaults.length);
});

test('chance is even, and never beyond its bounds', () => {
  const random = seededRandom(42);
  const numbers = Array.from({ length: 10_000 }, random);
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
  const mean = numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
  expect(mean).toBeGreaterThan(0.48);
  expect(mean).toBeLessThan(0.52);
  expect(() => pickOne([], random)).toThrow('nothing');
});
