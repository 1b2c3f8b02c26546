import { describe, expect, test } from 'vitest';
import { NamePattern } from '../../../src/access/name-pattern.ts';
import {
  ANONYMOUS,
  isAllowed,
  maySee,
  maySeeWithin,
  NO_RIGHTS,
  type Principal,
  RIGHTS,
  type Right,
} from '../../../src/access/rights.ts';

function principal(rights: Partial<Record<Right, string[]>>): Principal {
  const patterns = (texts: string[] = []) => texts.map((text) => new NamePattern(text));
  const { publish, consume, manage } = rights;
  return {
    name: 'p',
    rights: {
      publish: patterns(publish),
      consume: patterns(consume),
      manage: patterns(manage),
      metrics: false,
    },
  };
}

describe('a right', () => {
  test.each(RIGHTS)('%s is granted on the names of its own patterns, and on no others', (right) => {
    const one = principal({ [right]: ['orders', 'x-*'] });
    const granted = RIGHTS.flatMap((asked) =>
      ['orders', 'x-1', 'y'].filter((name) => isAllowed(one, asked, name)).map((name) => [asked, name]),
    );
    expect(granted).toEqual([
      [right, 'orders'],
      [right, 'x-1'],
    ]);
  });

  test('is not implied by others', () => {
    expect(isAllowed(principal({ publish: ['*'], manage: ['*'] }), 'consume', 'orders')).toBe(false);
  });
});

describe('what may be seen', () => {
  test('is what there is any right on', () => {
    for (const right of RIGHTS) expect(maySee(principal({ [right]: ['orders'] }), 'orders')).toBe(true);
    expect(maySee({ name: 'p', rights: NO_RIGHTS }, 'orders')).toBe(false);
  });

  test('of a subscription is not told by a right to publish to its topic', () => {
    expect(maySee(principal({ publish: ['events'] }), 'events/billing')).toBe(false);
    expect(maySee(principal({ consume: ['events'] }), 'events/billing')).toBe(true);
    expect(maySee(principal({ manage: ['events/billing'] }), 'events/billing')).toBe(true);
  });

  test('within a topic is told by any right on the topic or on a subscription of it', () => {
    expect(maySeeWithin(principal({ consume: ['events/billing'] }), 'events')).toBe(true);
    expect(maySeeWithin(principal({ publish: ['events'] }), 'events')).toBe(true);
    expect(maySeeWithin(principal({ consume: ['others/billing'] }), 'events')).toBe(false);
  });
});

test('everybody may do everything where there is no authentication', () => {
  expect(RIGHTS.every((right) => isAllowed(ANONYMOUS, right, 'events/billing'))).toBe(true);
});
