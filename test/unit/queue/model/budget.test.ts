import { expect, test } from 'vitest';
import { Budget } from '../../../../src/queue/model/budget.ts';

test('a budget takes what fits, and again what was given back', () => {
  const budget = new Budget(10);
  expect([budget.take(6), budget.take(5), budget.take(4), budget.take(1)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  budget.give(6);
  expect([budget.used, budget.take(6)]).toEqual([4, true]);
});

test('a part may be reserved for others', () => {
  const budget = new Budget(10);
  expect([budget.take(8, 3), budget.take(7, 3), budget.take(1, 3), budget.take(3)]).toEqual([
    false,
    true,
    false,
    true,
  ]);
});

test('what is added without asking counts', () => {
  const budget = new Budget(10);
  budget.add(15);
  expect(budget.take(1)).toBe(false);
  budget.give(15);
  expect(budget.take(10)).toBe(true);
});

test('one without a limit takes all', () => {
  expect(new Budget(Number.POSITIVE_INFINITY).take(Number.MAX_SAFE_INTEGER)).toBe(true);
});

test('who waits for a turn gets it in the order of coming, the small behind the large', () => {
  const budget = new Budget(10);
  const taken: string[] = [];
  budget.add(8);
  budget.takeInTurn(6, () => taken.push('large'));
  const leave = budget.takeInTurn(5, () => taken.push('left'));
  budget.takeInTurn(1, () => taken.push('small'));
  expect(taken).toEqual([]);
  leave();
  budget.give(4);
  expect([taken, budget.used]).toEqual([['large'], 10]);
  budget.give(6);
  expect([taken, budget.used]).toEqual([['large', 'small'], 5]);
});
