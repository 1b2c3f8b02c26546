/** Claiming by orderings and priorities, and what it makes of dead letters, against a naive model, over generated histories. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { searchLength } from '../../../support/search-length.ts';
import { OrderingRun } from './histories/ordering-run.ts';

const HISTORIES = searchLength({ short: 5_000, long: 200_000 });
const OPERATIONS_MAX = 20;

describe('claiming from a subscription with an ordering', () => {
  it('gives, settles and buries what a naive model does, and lets nothing overtake within a group', {
    timeout: 900_000,
  }, () => {
    const number = fc.nat({ max: 2 ** 24 });
    const history = fc.array(number, { maxLength: OPERATIONS_MAX - 3, size: 'max' });
    // Most histories would begin with nothing to claim: two appends and a claim come first.
    const first = fc
      .tuple(number, number, number)
      .map(([a, b, c]) => [a - (a % 16), b - (b % 16), c - (c % 16) + 3]);
    const property = fc.property(fc.nat({ max: 15 }), first, history, (policy, start, numbers) => {
      new OrderingRun(policy).play([...start, ...numbers]);
    });
    fc.assert(property, HISTORIES);
  });
});
