/** For a hand-off: a view of the cursor in which the entry that is about to be appended is there already. Pure. */
import type { ExpectedEntry } from '../log/level-entries.ts';
import type { CursorView, ViewedEntry } from '../model/cursor-view.ts';

/** The cursor as this gateway knows it, with the log as it will be once the entry is appended. */
export function expectedView(known: CursorView, expected: ExpectedEntry): CursorView {
  const { start, messages } = expected;
  const bytes = messages.reduce((sum, { body }) => sum + body.length, 0);
  const entry: ViewedEntry = { start, end: start + messages.length, bytes, messages, groups: undefined };
  const isIn = (level: number, segment: number) => level === expected.level && segment === expected.segment;
  return {
    generation: known.generation,
    policy: known.policy,
    levels: known.levels,
    start: (level) => known.start(level),
    bounds: (level) => known.bounds(level),
    page: (level, segment) => known.page(level, segment),
    pages: () => known.pages(),
    end: (level, segment) => (isIn(level, segment) ? entry.end : known.end(level, segment)),
    entryAt(level, segment, offset) {
      const isExpected = isIn(level, segment) && offset >= entry.start;
      return isExpected ? entry : known.entryAt(level, segment, offset);
    },
  };
}
