/** Fencing tokens: they grow over all leases, within one write and from write to write. */
import { describe, expect, it } from 'vitest';
import { CLAIMS_PER_WRITE_MAX, fencingToken } from '../../../../src/queue/model/fencing.ts';

describe('a fencing token', () => {
  it('grows with the write, and within a write with the lease', () => {
    const zxids = [1n, 2n, 2n ** 32n, 2n ** 32n + 1n, 2n ** 52n];
    const tokens = zxids.flatMap((zxid) =>
      [0, 1, CLAIMS_PER_WRITE_MAX - 1].map((index) => BigInt(fencingToken(zxid, index))),
    );
    for (const [at, token] of tokens.entries()) if (at > 0) expect(token > (tokens[at - 1] ?? 0n)).toBe(true);
  });

  it('keeps its digits where a double would lose them, and fits a 64-bit integer', () => {
    expect(fencingToken(2n ** 43n + 1n, 1)).toBe((2n ** 53n + 1025n).toString());
    const afterTwoMillionElections = (2n * 10n ** 6n) << 32n;
    expect(BigInt(fencingToken(afterTwoMillionElections, 1023)) < 2n ** 63n).toBe(true);
  });
});
