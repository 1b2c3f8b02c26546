import { describe, expect, it } from 'vitest';
import { NumberRanges } from '../../../../src/queue/cursor/number-ranges.ts';

describe('numbers as ranges', () => {
  it('are those that a set would hold, in whatever order they come', () => {
    const [ranges, set] = [new NumberRanges(), new Set<number>()];
    for (let step = 0; step < 600; step += 1) {
      const number = (step * 7919) % 200;
      if (step % 50 === 49) {
        ranges.dropBelow(Math.floor(step / 10));
        for (const each of set) if (each < Math.floor(step / 10)) set.delete(each);
      } else if (step % 3 !== 0) {
        ranges.add(number);
        set.add(number);
      }
      const all = Array.from({ length: 201 }, (_, each) => each);
      expect(all.filter((each) => ranges.has(each))).toEqual(all.filter((each) => set.has(each)));
    }
  });

  it('cost no more than the gaps between them', () => {
    const ranges = new NumberRanges();
    for (let number = 0; number < 10_000; number += 1) ranges.add(10_000 - number);
    expect(ranges.size).toBe(1);
    ranges.add(20_000);
    expect(ranges.size).toBe(2);
    ranges.dropBelow(15_000);
    expect(ranges.size).toBe(1);
  });
});
