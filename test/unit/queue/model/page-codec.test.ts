import { describe, expect, it } from 'vitest';
import { emptyPage, markWriter, replaceRange } from '../../../../src/queue/model/page.ts';
import { decodePage, encodePage } from '../../../../src/queue/model/page-codec.ts';

const LEASED = { lease: 7, untilMs: 100, deliveries: 1 };

describe('a stored page', () => {
  it('is read as it was written, with numbers beyond 32 bits', () => {
    const state = { lease: 36 ** 9, untilMs: 1_900_000_000_000, deliveries: 2 ** 31 };
    const page = markWriter(replaceRange(emptyPage(), 0, 3, state), 'abcdefgh', 2 ** 40);
    expect(decodePage(encodePage(page))).toEqual(page);
  });

  it('takes the same few bytes for one message in flight and for a thousand under one lease', () => {
    const one = encodePage(replaceRange(emptyPage(), 0, 1, LEASED)).length;
    const many = encodePage(replaceRange(emptyPage(), 0, 1000, LEASED)).length;
    expect(many - one).toBeLessThan(10);
  });
});
