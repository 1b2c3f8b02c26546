import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NamePattern, PATTERN_GRAMMAR } from '../../../src/access/name-pattern.ts';

describe('a pattern matches', () => {
  test.each([
    ['orders', 'orders', true],
    ['orders', 'orders2', false],
    ['orders', 'Orders', false],
    ['*', 'orders', true],
    ['*', 'events/billing', true],
    ['orders-*', 'orders-', true],
    ['orders-*', 'orders', false],
    ['*-dead', 'orders-dead', true],
    ['*-dead', '-dead-', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'acb', false],
    ['a*bc*c', 'abcbc', true],
    ['a.c', 'abc', false],
    ['events', 'events/billing', true],
    ['events', 'events2/billing', false],
    ['ev*', 'events/billing', true],
    ['*billing', 'events/billing', false],
    ['events/billing', 'events/billing', true],
    ['events/billing', 'events', false],
    ['events/billing', 'events/billing2', false],
    ['events/*', 'events/billing', true],
    ['events/*', 'events', false],
    ['*/*', 'orders', false],
    ['e*/b*', 'events/billing', true],
  ])('%s and %s: %s', (pattern, name, expected) => {
    expect(new NamePattern(pattern).matches(name)).toBe(expected);
  });

  test('as the same pattern as a regular expression does', () => {
    const piece = fc.stringMatching(/^[ab*]{1,8}$/);
    const name = fc.stringMatching(/^[ab]{1,12}$/);
    fc.assert(
      fc.property(piece, name, (pattern, text) => {
        const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(text);
        expect(new NamePattern(pattern).matches(text)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });
});

test('a pattern is within a topic when it could match it or a subscription of it', () => {
  const within = (pattern: string) => new NamePattern(pattern).matchesWithin('events');
  expect(['events', 'ev*', 'events/billing', '*/x'].map(within)).toEqual([true, true, true, true]);
  expect(['event', 'events2/billing', 'x/*'].map(within)).toEqual([false, false, false]);
});

test('nothing but names, stars and one slash is a pattern', () => {
  const accepted = (text: string) => PATTERN_GRAMMAR.test(text);
  expect(['orders', '*', 'a*b.c-d_e', 'events/*'].filter((text) => !accepted(text))).toEqual([]);
  const others = ['', '/', 'a/', '/a', 'a/b/c', 'a b', 'a?', '[a]', 'é', 'x'.repeat(129), 'a\n'];
  expect(others.filter(accepted)).toEqual([]);
});
