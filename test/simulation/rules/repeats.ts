/** What is asked again with its id is told the same as before, and an abort is final. */
import { groupBy } from '../../support/group-by.ts';
import type { Kind } from '../ledger.ts';

/** One request with an id. */
export interface Repeat {
  readonly kind: 'transaction' | 'publish';
  readonly id: string;
  readonly askedMs: number;
  readonly toldMs: number;
  /** How long the id is remembered. */
  readonly windowMs: number;
  readonly outcome: Kind;
  readonly code?: string;
  /** The id of the message that it was told to have stored. */
  readonly message?: string;
}

export interface Visible {
  readonly key: string;
  readonly message: string;
}

/**
 * @param visible what came out in the end, each under the id of its request as its key
 * @param isExact no clock has jumped, so that the windows can be judged
 */
export function repeatViolations(
  repeats: readonly Repeat[],
  visible: readonly Visible[],
  isExact: boolean,
): string[] {
  const seen = groupBy(visible, ({ key }) => key);
  return [...groupBy(repeats, ({ id }) => id)].flatMap(([id, asked]) => [
    ...abortedYetThere(id, asked, seen.get(id) ?? []),
    ...otherwise(id, asked, isExact),
    ...uncounted(id, asked, seen.get(id) ?? []),
  ]);
}

/** Aborted says that nothing was changed, and that nothing will be: for the first, and for every repeat. */
function abortedYetThere(id: string, asked: readonly Repeat[], seen: readonly Visible[]): string[] {
  const aborted = asked.find(({ code }) => code === 'transaction-aborted');
  if (aborted === undefined) return [];
  if (seen.length > 0) return [`${id} was called aborted, yet what it published is there`];
  return asked.some(({ outcome }) => outcome === 'done') ? [`${id} was called aborted, and done`] : [];
}

function otherwise(id: string, asked: readonly Repeat[], isExact: boolean): string[] {
  const done = asked.filter(({ outcome }) => outcome === 'done').sort((a, b) => a.toldMs - b.toldMs);
  const found: string[] = [];
  done.forEach((later, index) => {
    for (const earlier of done.slice(0, index)) {
      const isSame = earlier.message === later.message;
      // The window begins when it was stored, which was between its question and its answer.
      const isWithin = later.toldMs - earlier.askedMs < later.windowMs;
      if (isWithin && isExact && !isSame) found.push(`${id} was stored again within its window`);
    }
    const first = done[0] as Repeat;
    const earlier = done.slice(0, index).filter(({ message }) => message === later.message);
    // An id that is used again near the end of the window is remembered from its first use alone.
    const isForgotten = earlier.length > 0 && later.askedMs - first.toldMs > later.windowMs;
    if (isForgotten && isExact && later.message === first.message)
      found.push(`${id} was called a duplicate after its window`);
  });
  return found;
}

/** What was told to be stored is there, each once; and no more than may have been. */
function uncounted(id: string, asked: readonly Repeat[], seen: readonly Visible[]): string[] {
  const told = new Set(asked.filter(({ outcome }) => outcome === 'done').map(({ message }) => message));
  const there = seen.map(({ message }) => message);
  const found: string[] = [];
  if (new Set(there).size < there.length) found.push(`${id} came out twice`);
  for (const message of told)
    if (message !== undefined && !there.includes(message)) found.push(`${id} was stored and is not there`);
  const unknown = asked.filter(({ outcome }) => outcome === 'unknown').length;
  const strangers = there.filter((message) => !told.has(message)).length;
  if (strangers > unknown) found.push(`${id} was stored ${strangers} times more than anyone was told`);
  return found;
}
