import { describe, expect, it } from 'vitest';
import { type ProfileNode, profileShares } from '../../../bench/page/profile-table.ts';

const node = (id: number, functionName: string, url: string, children: number[] = []): ProfileNode => ({
  id,
  callFrame: { functionName, url, lineNumber: 9 },
  children,
});

describe('a processor profile', () => {
  const shares = profileShares({
    nodes: [
      node(1, '(root)', '', [2, 5]),
      node(2, 'handle', 'file:///somewhere/dist/routes/receive.js', [3, 4]),
      node(3, 'parse', 'file:///somewhere/node_modules/@scope/zod/schemas.js'),
      // Calls itself.
      node(4, 'handle', 'file:///somewhere/dist/routes/receive.js'),
      node(5, '(idle)', ''),
    ],
    samples: [2, 3, 4, 5],
    timeDeltas: [1e6, 6e6, 1e6, 100e6],
  });

  it('leaves out the time in which there was nothing to do', () => {
    expect(shares.busySeconds).toBe(8);
  });

  it('is shared out between packages, and files of ours', () => {
    expect(shares.byModule).toEqual([
      ['@scope/zod', 0.75],
      ['dist/routes/receive.js', 0.25],
    ]);
  });

  it('counts a function once, however deep it calls itself', () => {
    expect(shares.byFunction).toContainEqual(['handle dist/routes/receive.js:10', 0.25]);
    expect(shares.withCallees).toContainEqual(['handle dist/routes/receive.js:10', 1]);
  });
});
