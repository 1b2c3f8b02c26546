import { describe, expect, it } from 'vitest';
import type { Part } from '../../../bench/backlog/backlog-run.ts';
import { backlogTable, ratio, summaryOf } from '../../../bench/backlog/backlog-table.ts';

const part = (queued: number, perSecond: number): Part => ({ queued, perSecond, residentBytes: 3 * 2 ** 20 });
const published = Array.from({ length: 10 }, (_, index) => part(index * 100, 1000 - 10 * index));
const received = Array.from({ length: 10 }, (_, index) => part(1000 - index * 100, 500 + index));
const result = {
  ...{ messages: 1000, published, received, heapBytes: 291.6, firstReceiveMs: 12.3 },
  statistics: { ms: 4.56, reads: 9, writes: 1 },
};

describe('the table of a run with a backlog', () => {
  it('has a row for each tenth, published and received', () => {
    const lines = backlogTable(result).split('\n');
    expect(lines).toHaveLength(12);
    expect(lines[2]).toBe('| 0 | 1,000 | 3 | 1,000 | 500 | 3 |');
  });

  it('compares medians of the half with more queued and that with less', () => {
    expect(ratio([part(0, 1), part(0, 3), part(0, 100)], [part(0, 6)])).toBe('0.50');
    expect(summaryOf(result).slice(0, 2)).toEqual([
      'publishing, half with more queued against half with less: 0.95',
      'receiving, half with more queued against half with less: 0.99',
    ]);
  });
});
