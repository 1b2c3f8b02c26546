/** Holds every page against the naive model: same states, and no larger than what is in flight makes it. */
import { type Page, WAITING } from '../../../../../src/queue/model/page.ts';
import { decodePage, encodePage } from '../../../../../src/queue/model/page-codec.ts';
import type { DraftingWorld } from './drafting-world.ts';
import type { NaiveCursor, NaiveMessage } from './naive-cursor.ts';

/** What one run takes at most in a stored page: five numbers with their commas and brackets. */
const RUN_BYTES_MAX = 60;
const EMPTY_PAGE_BYTES_MAX = 40;

/** Throws where they differ. */
export function assertSamePages(world: DraftingWorld, model: NaiveCursor): void {
  for (const { level, segment, page, end, trimmed } of world.segments()) {
    const messages = model.messages.filter(
      ({ position }) => position.level === level && position.segment === segment,
    );
    if (trimmed) {
      const kept = messages.find((message) => message.state !== 'done');
      if (kept !== undefined) throw new Error(`${kept.id} was trimmed while ${kept.state}`);
      continue;
    }
    if (page.frontier > end) throw new Error(`the frontier ${page.frontier} is beyond the end ${end}`);
    for (const message of messages) assertSameState(page, message);
    assertSmall(page, rangesInFlight(messages));
  }
}

function assertSameState(page: Page, message: NaiveMessage): void {
  const { offset } = message.position;
  const holding = page.runs.filter((run) => run.start <= offset && offset < run.start + run.length);
  if (holding.length > 1) throw new Error(`${message.id} is in ${holding.length} runs`);
  const [run] = holding;
  const state = run !== undefined ? stateOf(run.lease) : offset < page.frontier ? 'done' : 'new';
  const actual = run === undefined ? [state] : [state, run.lease, run.untilMs, run.deliveries];
  const { lease, untilMs, deliveries } = message;
  const expected = run === undefined ? [message.state] : [message.state, lease, untilMs, deliveries];
  if (`${actual}` !== `${expected}`) throw new Error(`${message.id} is ${actual} instead of ${expected}`);
}

function stateOf(lease: number): NaiveMessage['state'] {
  return lease === WAITING ? 'waiting' : 'leased';
}

/** How many ranges of neighbours in the same state are in flight: a page needs one run for each, and no more. */
function rangesInFlight(messages: readonly NaiveMessage[]): number {
  let ranges = 0;
  let before: string | undefined;
  for (const { state, lease, untilMs, deliveries } of messages) {
    const flying = state === 'leased' || state === 'waiting';
    const key = flying ? `${lease} ${untilMs} ${deliveries}` : undefined;
    if (key !== undefined && key !== before) ranges += 1;
    before = key;
  }
  return ranges;
}

function assertSmall(page: Page, ranges: number): void {
  if (page.runs.length !== ranges) throw new Error(`${page.runs.length} runs for ${ranges} ranges in flight`);
  let behind = 0;
  for (const { start, length } of page.runs) {
    if (start < behind || length < 1) throw new Error('runs out of order, overlapping or empty');
    behind = start + length;
  }
  if (behind > page.frontier) throw new Error('a run reaches beyond the frontier');
  const stored = encodePage(page);
  if (stored.length > EMPTY_PAGE_BYTES_MAX + ranges * RUN_BYTES_MAX)
    throw new Error(`${stored.length} bytes for ${ranges} ranges in flight`);
  if (JSON.stringify(decodePage(stored)) !== JSON.stringify(page)) throw new Error('stored and read differ');
}
