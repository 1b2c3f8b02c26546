import { describe, expect, it } from 'vitest';
import { assertKnown, parseOptions } from '../../../bench/options.ts';

describe('the options of the benchmark', () => {
  it('are a full run that writes the page when there are none', () => {
    expect(parseOptions([])).toMatchObject({ isQuick: false, rounds: 3, measuredMs: 10_000, output: 'docs' });
  });

  it.each([['--quick'], ['--peers=zoogate'], ['--workloads=drain']])(
    'leave the page alone when not all is measured: %s',
    (option) => {
      expect(parseOptions([option]).output).toBeUndefined();
      expect(parseOptions([option, '--output', 'there']).output).toBe('there');
    },
  );

  it('name peers and workloads in lists', () => {
    expect(parseOptions(['--peers', 'a, b,', '--workloads', 'x'])).toMatchObject({
      peers: ['a', 'b'],
      workloads: ['x'],
    });
  });

  it('are shorter in a quick run, unless said otherwise', () => {
    expect(parseOptions(['--quick'])).toMatchObject({ rounds: 1, measuredMs: 2_000, peerWarmUpMs: 0 });
    expect(parseOptions([]).peerWarmUpMs).toBeGreaterThan(0);
    expect(parseOptions(['--quick', '--rounds', '5', '--seconds', '4'])).toMatchObject({
      rounds: 5,
      measuredMs: 4_000,
    });
  });

  it.each(['0', '-1', '1.5', 'many', ''])('refuse "%s" rounds', (rounds) => {
    expect(() => parseOptions([`--rounds=${rounds}`])).toThrow('--rounds must be a whole number');
  });

  it('refuse what they do not know', () => {
    expect(() => parseOptions(['--fast'])).toThrow('--fast');
    expect(() => assertKnown('peer', ['a', 'c'], ['a', 'b'])).toThrow('no peer named c. There are: a, b');
    expect(() => assertKnown('peer', ['a'], ['a', 'b'])).not.toThrow();
  });
});
