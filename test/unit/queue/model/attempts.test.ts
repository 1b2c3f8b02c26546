/** Records of receives with an attemptId: found again, bounded, and never spelling what a user sent. */
import { describe, expect, it } from 'vitest';
import {
  ATTEMPT_SHARDS,
  type AttemptRecord,
  decodeAttempts,
  encodeAttempts,
  hashAttempt,
  shardOf,
  withAttempt,
} from '../../../../src/queue/model/attempts.ts';

function record(change: Partial<AttemptRecord> = {}): AttemptRecord {
  const positions = [{ level: 0, segment: 1, offset: 2 }];
  return { attempt: 'a', generation: 0, lease: 5, untilMs: 1_000, index: 3, positions, ...change };
}

describe('the hash of an attempt', () => {
  it('is the same for the same id, differs for others, and fits a node whatever was sent', () => {
    const ids = ['', '/', '../..', '\0', 'ü'.repeat(128), 'a', 'A'];
    const hashes = ids.map(hashAttempt);
    expect(new Set(hashes).size).toBe(ids.length);
    expect(ids.map(hashAttempt)).toEqual(hashes);
    for (const hash of hashes) expect(hash).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });

  it('spreads attempts over all shards', () => {
    const shards = Array.from({ length: 1_000 }, (_, index) => shardOf(hashAttempt(`attempt ${index}`)));
    expect(new Set(shards).size).toBe(ATTEMPT_SHARDS);
    expect(Math.min(...shards)).toBe(0);
    expect(Math.max(...shards)).toBe(ATTEMPT_SHARDS - 1);
  });
});

describe('stored attempts', () => {
  it('take the transaction of the node that holds them, unless they tell an earlier one', () => {
    const known = record({ attempt: 'old', zxid: '7' });
    const read = decodeAttempts(encodeAttempts([known, record()]), 9_007_199_254_740_993n);
    expect(read).toEqual([known, record({ zxid: '9007199254740993' })]);
  });

  it('keep the others when one is added, and only the newest of the same attempt', () => {
    const others = [record({ attempt: 'x' }), record({ attempt: 'a', lease: 1 })];
    const leases = withAttempt(others, record({ lease: 2 }), 500).map(({ attempt, lease }) => [
      attempt,
      lease,
    ]);
    expect(leases).toEqual([
      ['x', 5],
      ['a', 2],
    ]);
  });

  it('drop those of an earlier generation, and those whose lease ended long ago', () => {
    const old = [
      record({ attempt: 'purged', generation: 1 }),
      record({ attempt: 'long over', untilMs: 1_000 }),
      record({ attempt: 'just over', untilMs: 1_001 }),
    ];
    const kept = withAttempt(old, record({ generation: 0 }), 601_000).map(({ attempt }) => attempt);
    expect(kept).toEqual(['just over', 'a']);
  });
});
