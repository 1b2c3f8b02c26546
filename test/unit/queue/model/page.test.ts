/** The cursor page: its ranges, and the marks of its writers. */
import { describe, expect, it } from 'vitest';
import {
  earliestDueMs,
  emptyPage,
  hasCommit,
  isFinished,
  markWriter,
  type Page,
  replaceRange,
  runAt,
  WAITING,
} from '../../../../src/queue/model/page.ts';

const leased = (lease: number, untilMs = 100) => ({ lease, untilMs, deliveries: 1 });
const waiting = (untilMs: number) => ({ lease: WAITING, untilMs, deliveries: 1 });

/** Offsets 0 to 9 under one lease. */
const tenLeased = () => replaceRange(emptyPage(), 0, 10, leased(7));

describe('a page', () => {
  it('is finished only when its frontier is at the end and no run is left', () => {
    expect(isFinished(emptyPage(), 0)).toBe(true);
    expect(isFinished(emptyPage(), 1)).toBe(false);
    expect(isFinished(tenLeased(), 10)).toBe(false);
    const acked = replaceRange(tenLeased(), 0, 10, undefined);
    expect(isFinished(acked, 10)).toBe(true);
    expect(isFinished(acked, 11)).toBe(false);
  });

  it('that starts in the middle of its segment counts what lies before as done', () => {
    const page = emptyPage(4);
    expect(runAt(page, 3)).toBeUndefined();
    expect(isFinished(page, 4)).toBe(true);
    expect(replaceRange(page, 4, 1, leased(1))).toMatchObject({
      frontier: 5,
      runs: [{ start: 4, length: 1 }],
    });
  });

  it('splits a run around a message whose state changes', () => {
    const page = replaceRange(tenLeased(), 4, 1, undefined);
    expect(page.runs.map(({ start, length }) => [start, length])).toEqual([
      [0, 4],
      [5, 5],
    ]);
    expect([3, 4, 5, 9, 10].map((offset) => runAt(page, offset)?.start)).toEqual([
      0,
      undefined,
      5,
      5,
      undefined,
    ]);
  });

  it('has one run again when neighbours become alike', () => {
    let page: Page = tenLeased();
    for (const offset of [3, 5, 4, 9, 0]) page = replaceRange(page, offset, 1, waiting(50));
    expect(page.runs.map(({ start, length, lease }) => [start, length, lease])).toEqual([
      [0, 1, WAITING],
      [1, 2, 7],
      [3, 3, WAITING],
      [6, 3, 7],
      [9, 1, WAITING],
    ]);
    for (const offset of [3, 5, 4, 9, 0]) page = replaceRange(page, offset, 1, leased(7));
    expect(page).toEqual(tenLeased());
  });

  it.each([
    ['the lease', { ...leased(8) }],
    ['the end', { ...leased(7, 101) }],
    ['the deliveries', { ...leased(7), deliveries: 2 }],
  ])('keeps neighbours apart that differ in %s', (_what, state) => {
    expect(replaceRange(tenLeased(), 10, 1, state).runs).toHaveLength(2);
  });

  it('refuses a range that reaches over the end of a run', () => {
    const page = replaceRange(tenLeased(), 4, 1, undefined);
    expect(() => replaceRange(page, 3, 2, undefined)).toThrow('within one run');
    expect(() => replaceRange(page, 4, 1, undefined)).toThrow('within one run');
  });

  it('tells the earliest time at which something is due', () => {
    expect(earliestDueMs(emptyPage(5))).toBeUndefined();
    const page = replaceRange(replaceRange(tenLeased(), 3, 1, waiting(40)), 6, 1, waiting(60));
    expect(earliestDueMs(page)).toBe(40);
  });
});

describe("the marks of a page's writers", () => {
  it('show that a commit of a writer, and every earlier one of it, has taken effect', () => {
    const page = markWriter(markWriter(emptyPage(), 'one', 4), 'two', 9);
    expect(hasCommit(page, 'one', 3)).toBe(true);
    expect(hasCommit(page, 'one', 4)).toBe(true);
    expect(hasCommit(page, 'one', 5)).toBe(false);
    expect(hasCommit(page, 'three', 1)).toBe(false);
  });

  it('stay bounded, and those that wrote last stay', () => {
    let page = emptyPage();
    for (let writer = 0; writer < 100; writer += 1) page = markWriter(page, `w${writer}`, 1);
    expect(page.writers).toHaveLength(16);
    expect(hasCommit(page, 'w84', 1)).toBe(true);
    expect(hasCommit(page, 'w83', 1)).toBe(false);
  });

  it('take one place for each writer however often it writes', () => {
    let page = emptyPage();
    for (let commit = 1; commit < 100; commit += 1) page = markWriter(page, `w${commit % 2}`, commit);
    expect(page.writers).toEqual([
      { writer: 'w1', commit: 99 },
      { writer: 'w0', commit: 98 },
    ]);
  });
});
