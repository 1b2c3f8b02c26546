/** The cursor draft and its pages against the naive model, over generated histories. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { searchLength } from '../../../support/search-length.ts';
import { DraftingRun } from './histories/drafting-run.ts';

const HISTORIES = searchLength({ short: 20_000, long: 1_000_000 });
const OPERATIONS_MAX = 20;

describe('a cursor draft', () => {
  it('does over any history what a naive model does, on pages no larger than what is in flight', {
    timeout: 900_000,
  }, () => {
    const history = fc.array(fc.nat({ max: 2 ** 24 }), { maxLength: OPERATIONS_MAX, size: 'max' });
    // Half of all histories would begin with nothing to claim: two appends come first.
    const property = fc.property(fc.nat({ max: 999 }), history, (first, numbers) => {
      new DraftingRun().play([8 + 12 * first, 9 + 12 * (first * 7), ...numbers]);
    });
    fc.assert(property, HISTORIES);
  });
});
