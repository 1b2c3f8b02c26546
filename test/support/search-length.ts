/**
 * How many cases a generated test tries. `npm test` tries few, fresh ones each time; `npm run verify` tries many, and
 * says from which seed. fast-check prints the seed of a failure: TEST_SEED with it gives the same cases again.
 */
export function searchLength({ short, long }: { readonly short: number; readonly long: number }): {
  readonly numRuns: number;
  readonly seed?: number;
} {
  const { TEST_SEARCH, TEST_SEED } = process.env;
  return {
    numRuns: TEST_SEARCH === 'long' ? long : short,
    ...(TEST_SEED === undefined ? {} : { seed: Number(TEST_SEED) }),
  };
}
