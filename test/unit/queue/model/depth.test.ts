/** Counting what is pending, and which entries must be looked into for their bytes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coverage, depthOf, pendingRanges } from '../../../../src/queue/model/depth.ts';
import { emptyPage, replaceRange, WAITING } from '../../../../src/queue/model/page.ts';
import { entryPrefix, slotsOf } from '../../../../src/queue/model/segment.ts';

/** 0, 1 leased until 100; 2 done; 3 nacked until 150; 4 nacked, due; 5 under a lease that has run out; 6 to 9 new. */
function mixedPage() {
  let page = replaceRange(emptyPage(), 0, 6, { lease: 1, untilMs: 100, deliveries: 1 });
  page = replaceRange(page, 2, 1, undefined);
  page = replaceRange(page, 3, 1, { lease: WAITING, untilMs: 150, deliveries: 1 });
  page = replaceRange(page, 4, 1, { lease: WAITING, untilMs: 0, deliveries: 1 });
  return replaceRange(page, 5, 1, { lease: 1, untilMs: 90, deliveries: 2 });
}

describe('the depth of a segment', () => {
  it('counts new, returned and run-out messages as ready, and what is done not at all', () => {
    expect(depthOf(pendingRanges(mixedPage(), 10, 95))).toEqual({ ready: 6, leased: 2, delayed: 1 });
  });

  it('counts a lease as over at the very moment of its end, and a delay likewise', () => {
    expect(depthOf(pendingRanges(mixedPage(), 10, 89))).toEqual({ ready: 5, leased: 3, delayed: 1 });
    expect(depthOf(pendingRanges(mixedPage(), 10, 90))).toEqual({ ready: 6, leased: 2, delayed: 1 });
    expect(depthOf(pendingRanges(mixedPage(), 10, 150))).toEqual({ ready: 9, leased: 0, delayed: 0 });
  });

  it('is nothing for a page that has come to the end', () => {
    expect(pendingRanges(emptyPage(5), 5, 0)).toEqual([]);
  });
});

describe('the coverage of entries by what is pending', () => {
  it('takes whole entries by their names, and tells the parts of the others, over any ranges', () => {
    const counts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(counts, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (sizes, wanted) => {
        const names = sizes.map(
          (count, at) => `${entryPrefix(count, 10 ** at, 't')}${String(at).padStart(10, '0')}`,
        );
        const slots = slotsOf(names);
        const end = sizes.reduce((sum, count) => sum + count, 0);
        const offsets = wanted.flatMap((want, offset) => (want && offset < end ? [offset] : []));
        const ready = { state: 'ready', deliveries: 0, untilMs: 0 } as const;
        const ranges = offsets.map((start) => ({ start, end: start + 1, ...ready }));
        const { wholeBytes, parts } = coverage(slots, ranges);
        const whole = slots.filter(({ start, count }) => countWithin(offsets, start, count) === count);
        expect(wholeBytes).toBe(whole.reduce((sum, slot) => sum + slot.bytes, 0));
        const listed = parts.flatMap((part) => part.offsets);
        const inParts = offsets.filter(
          (offset) => !whole.some((slot) => countWithin([offset], slot.start, slot.count)),
        );
        expect(listed).toEqual(inParts);
      }),
      { numRuns: 300 },
    );
  });
});

function countWithin(offsets: readonly number[], start: number, count: number): number {
  return offsets.filter((offset) => offset >= start && offset < start + count).length;
}
