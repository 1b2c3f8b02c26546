/** The page of a segment that no consumer of the subscription has touched. */
import { initialPage } from '../model/cursor-draft.ts';
import type { Page } from '../model/page.ts';
import type { CursorState } from './cursor-state.ts';

/** It begins as the subscription's start says. Pure. */
export function untouchedPage(state: CursorState, level: number, segment: number): Page {
  return initialPage(segment, state.start(level));
}
