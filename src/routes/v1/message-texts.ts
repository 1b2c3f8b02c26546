/**
 * JSON texts that carry messages: whatever lies in a body is the sender's affair, but the text around the bodies has
 * its bounds, and is all that a value is made of. A body may be any JSON, and as a value it could take a second to
 * make and a hundred times its size.
 */
import { type Step, visitSpans, withoutContainersAt } from '../http/json-bodies.ts';
import { type JsonBounds, judgeJson } from '../http/json-check.ts';
import { parseJson, requireJson, requireValid } from '../http/request-bodies.ts';
import { REQUEST_MESSAGE_BYTES_MAX } from './new-messages.ts';

/**
 * Beside bodies: a thousand messages with all their fields and 32 attributes each take 42,000 values, and a thousand
 * receipts with as many queues 4,000 more.
 */
const OUTLINE_BOUNDS: JsonBounds = { valuesMax: 50_000, depthMax: 16 };

/** With bodies that have as many values, or levels, as there is room for: one for every two bytes. */
const TEXT_BOUNDS: JsonBounds = {
  valuesMax: OUTLINE_BOUNDS.valuesMax + REQUEST_MESSAGE_BYTES_MAX / 2,
  depthMax: OUTLINE_BOUNDS.depthMax + REQUEST_MESSAGE_BYTES_MAX / 2,
};

/** So small a text is made a value as it is: that costs less than anything else. */
const SMALL_BYTES = 32 * 1024;
const SMALL_BOUNDS: JsonBounds = { valuesMax: SMALL_BYTES, depthMax: SMALL_BYTES };

/** Each step over so long a text is a turn of the event loop of its own: some take 50 ms. */
const LONG_BYTES = 1024 * 1024;

/** Lists of which there is a limit to how long they may be in sum. */
export interface CountedLists {
  /** To the elements of all of them. */
  readonly path: readonly Step[];
  readonly max: number;
  /** Throws what is to be said; told where the first element lies that is too much. */
  refuse(indices: readonly number[]): never;
}

/**
 * The value of a JSON text of messages; where the text is large, `[]` stands for whatever lists and objects `bodies`
 * leads to.
 *
 * @param lists counted before anything is made of a text that is too large
 * @returns rejects with Problem 'validation', or what a list is refused with
 */
export async function parseMessages(
  bytes: Buffer,
  bodies: readonly Step[],
  lists: readonly CountedLists[],
): Promise<unknown> {
  if (bytes.length <= SMALL_BYTES) return parseJson(bytes, SMALL_BOUNDS);
  const giveWay = bytes.length > LONG_BYTES ? othersTurn : () => undefined;
  requireJson(bytes, TEXT_BOUNDS);
  await giveWay();
  const outline = withoutContainersAt(bytes, bodies);
  await giveWay();
  const verdict = judgeJson(outline, OUTLINE_BOUNDS);
  // Which list it is that is too long helps more than that there is too much.
  if (verdict === 'too-many') for (const list of lists) requireCount(outline, list);
  requireValid(verdict, OUTLINE_BOUNDS);
  await giveWay();
  const value: unknown = JSON.parse(outline.toString());
  await giveWay();
  return value;
}

/** Resolves when whoever has something to do meanwhile has had a turn of the event loop. */
function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function requireCount(bytes: Buffer, { path, max, refuse }: CountedLists): void {
  let count = 0;
  visitSpans(bytes, path, (indices) => {
    count += 1;
    if (count > max) refuse(indices);
  });
}
