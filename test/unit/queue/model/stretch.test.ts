import { expect, it } from 'vitest';
import type { CursorDraft } from '../../../../src/queue/model/cursor-draft.ts';
import { Stretch } from '../../../../src/queue/model/stretch.ts';
import { DraftingWorld, draftWithAllInView, worldMessage } from './histories/drafting-world.ts';

function runsAfter(autoAck: boolean, act: (stretch: Stretch) => void) {
  const world = new DraftingWorld();
  world.append(
    0,
    ['a', 'b', 'c', 'd', 'e'].map((id) => worldMessage(id)),
  );
  const draft: CursorDraft = draftWithAllInView(world, (each) => {
    // As a claim does before it takes anything.
    if (each.lookAt(0, 0) === undefined) return;
    const stretch = new Stretch(each, 0, 0, 0, { lease: 7, untilMs: 100, autoAck });
    act(stretch);
    stretch.end();
  });
  const { runs = [], frontier } = draft.lookAt(0, 0) ?? {};
  return { frontier, runs: runs.map(({ start, length, lease }) => [start, length, lease]) };
}

it('changes the page once for neighbours that are taken in the same way', () => {
  const taken = runsAfter(false, (stretch) => [0, 1, 2].forEach((offset) => void stretch.add(offset, true)));
  expect(taken).toEqual({ frontier: 3, runs: [[0, 3, 7]] });
});

it('leaves what it passes over waiting, never delivered', () => {
  const taken = runsAfter(false, (stretch) => [0, 3].forEach((offset) => void stretch.add(offset, true)));
  expect(taken).toEqual({
    frontier: 4,
    runs: [
      [0, 1, 7],
      [1, 2, 0],
      [3, 1, 7],
    ],
  });
});

it('is done with what is not wanted, or acked as it is given out', () => {
  const unwanted = runsAfter(false, (stretch) => {
    stretch.add(0, true);
    stretch.add(1, false);
    stretch.add(2, true);
  });
  expect(unwanted).toEqual({
    frontier: 3,
    runs: [
      [0, 1, 7],
      [2, 1, 7],
    ],
  });
  expect(runsAfter(true, (stretch) => stretch.add(0, true))).toEqual({ frontier: 1, runs: [] });
});
