import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../../fuzz/options.ts';

describe('the options of npm run fuzz', () => {
  it('are two minutes and a seed of the fuzzer’s own unless told otherwise', () => {
    expect(parseOptions([])).toEqual({ seconds: 120 });
    expect(parseOptions(['--seconds', '30', '--seed', '226663139585755016361734966067777929758'])).toEqual({
      seconds: 30,
      seed: '226663139585755016361734966067777929758',
    });
  });

  it.each([['--seconds', 'x'], ['--seconds', '-1'], ['--seed', '1.5'], ['--nonsense']])(
    '%s %s is refused',
    (...args) => {
      expect(() => parseOptions(args)).toThrow();
    },
  );
});
