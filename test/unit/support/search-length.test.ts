import { afterEach, expect, it, vi } from 'vitest';
import { searchLength } from '../../support/search-length.ts';

afterEach(() => vi.unstubAllEnvs());

it('is short, with cases of its own each time, unless the environment says otherwise', () => {
  vi.stubEnv('TEST_SEARCH', undefined);
  vi.stubEnv('TEST_SEED', undefined);
  expect(searchLength({ short: 5, long: 500 })).toEqual({ numRuns: 5 });
  vi.stubEnv('TEST_SEARCH', 'long');
  expect(searchLength({ short: 5, long: 500 })).toEqual({ numRuns: 500 });
  vi.stubEnv('TEST_SEED', '42');
  expect(searchLength({ short: 5, long: 500 })).toEqual({ numRuns: 500, seed: 42 });
});
