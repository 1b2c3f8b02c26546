/** How long nobody was served, and which of it is worse than promised. */
import { describe, expect, test } from 'vitest';
import { onceEach } from '../../../chaos/exactly-once.ts';
import { brokenExpectations, type FaultMeasure } from '../../../chaos/expectations.ts';
import { longestGapMs, type ProbeSample } from '../../../chaos/unavailability.ts';

function samples(successes: readonly number[], failures: readonly number[] = []): ProbeSample[] {
  const sample = (endedMs: number, succeeded: boolean): ProbeSample => {
    return { via: 'nginx', verb: 'publish', endedMs, succeeded };
  };
  return [...successes.map((ms) => sample(ms, true)), ...failures.map((ms) => sample(ms, false))];
}

describe('the longest gap', () => {
  test('is that between two successes, whatever failed meanwhile', () => {
    expect(longestGapMs(samples([10, 30, 530, 550], [100, 200, 400]), 0, 560)).toBe(500);
  });

  test('does not depend on the order in which answers were noted', () => {
    expect(longestGapMs(samples([550, 10, 530, 30]), 0, 560)).toBe(500);
  });

  test('reaches to the ends of the window', () => {
    expect(longestGapMs(samples([400]), 100, 450)).toBe(300);
    expect(longestGapMs(samples([400]), 350, 900)).toBe(500);
    expect(longestGapMs([], 100, 900)).toBe(800);
  });

  test('leaves out what is outside of the window', () => {
    expect(longestGapMs(samples([10, 500, 2_000]), 400, 600)).toBe(100);
  });
});

describe('what is expected of a fault', () => {
  const sessionTimeoutMs = 4_000;
  const none = { done: 0, refused: 0, unknown: 0 };

  function measure(name: string, changes: Partial<FaultMeasure> = {}): FaultMeasure {
    return {
      name,
      what: 'somebody',
      unavailableMs: { nginx: 100, anywhere: 100 },
      requests: { nginx: none, gateway: none },
      inFlightAtNginx: 10,
      secondsTaken: 1,
      failures: {},
      ...changes,
    };
  }
  const failing = (refused: number, unknown: number) => {
    return { requests: { nginx: { done: 0, refused, unknown }, gateway: none } };
  };
  const broken = (...given: Parameters<typeof measure>) =>
    brokenExpectations(measure(...given), sessionTimeoutMs);

  test('after the death of the leader there is service within two session timeouts', () => {
    expect(broken('leader-killed', { unavailableMs: { nginx: 9_000, anywhere: 8_000 } })).toEqual([]);
    expect(broken('leader-killed', { unavailableMs: { nginx: 9_000, anywhere: 8_001 } })).toHaveLength(1);
  });

  test.each(['follower-killed', 'gateway-killed'])('in %s no more fails than was in flight', (name) => {
    expect(broken(name, failing(4, 6))).toEqual([]);
    expect(broken(name, failing(5, 6))).toHaveLength(1);
  });

  test('when gateways are restarted in turn nothing fails', () => {
    expect(broken('gateways-rolling')).toEqual([]);
    expect(broken('gateways-rolling', failing(1, 0))).toHaveLength(1);
    expect(broken('gateways-rolling', failing(0, 1))).toHaveLength(1);
  });

  test('of other faults nothing is expected but that they are survived', () => {
    expect(broken('everything-killed', failing(100, 100))).toEqual([]);
  });
});

test('what has to arrive once is found missing, doubled, or from nowhere', () => {
  expect(onceEach(['a', 'b'], ['b', 'a'])).toEqual([]);
  expect(onceEach(['a', 'b'], ['a'])).toEqual(['b did not come through the pipeline']);
  expect(onceEach(['a'], ['a', 'a'])).toEqual(['a came through the pipeline 2 times']);
  expect(onceEach(['a'], ['a', 'x'])).toEqual(['x was never sent']);
});
