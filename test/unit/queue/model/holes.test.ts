import { expect, it } from 'vitest';
import {
  behindHole,
  decodeHoles,
  encodeHoles,
  type Holes,
  inHolesBehind,
  withHole,
} from '../../../../src/queue/model/holes.ts';

const hole = (segment: number, messages = 1) => ({
  from: segment,
  to: segment,
  messages,
  bytes: 10 * messages,
});
const holesOf = (...segments: number[]) =>
  segments.reduce((holes: Holes, segment) => withHole(holes, 0, 0, hole(segment)) as Holes, {});

it('neighbours are one hole, whatever their order', () => {
  expect(holesOf(8, 11, 9)).toEqual({
    0: [
      { from: 8, to: 9, messages: 2, bytes: 20 },
      { from: 11, to: 11, messages: 1, bytes: 10 },
    ],
  });
  expect(holesOf(9, 11, 10)[0]).toEqual([{ from: 9, to: 11, messages: 3, bytes: 30 }]);
});

it('what lies before the first segment is left out, and other levels stay', () => {
  const holes = withHole(withHole({}, 2, 0, hole(3)) as Holes, 0, 0, hole(4)) as Holes;
  expect(withHole(holes, 0, 5, hole(7))).toEqual({ 0: [hole(7)], 2: [hole(3)] });
});

it('counts what is behind a segment', () => {
  const holes = holesOf(8, 9, 11);
  expect(inHolesBehind(holes, 0, 7)).toEqual({ messages: 3, bytes: 30 });
  expect(inHolesBehind(holes, 0, 10)).toEqual({ messages: 1, bytes: 10 });
  expect(inHolesBehind(holes, 1, 0)).toEqual({ messages: 0, bytes: 0 });
});

it('finds where a hole ends', () => {
  const holes = holesOf(8, 9, 11);
  expect([7, 8, 9, 10, 11].map((segment) => behindHole(holes, 0, segment))).toEqual([7, 10, 10, 10, 12]);
});

it('has a bound', () => {
  let holes: Holes = {};
  for (let segment = 1; segment < 1_001; segment += 2) holes = withHole(holes, 0, 0, hole(segment)) as Holes;
  expect(withHole(holes, 0, 0, hole(1_001))).toBeUndefined();
  expect(withHole(holes, 0, 0, hole(2))?.[0]).toHaveLength(499);
  expect(withHole(holes, 0, 2, hole(1_001))?.[0]).toHaveLength(500);
});

it('is stored as it is', () => {
  const holes = holesOf(8, 11);
  expect(decodeHoles(encodeHoles(holes))).toEqual(holes);
});
