/**
 * Finds where values lie in a JSON text, so that message bodies can be kept byte for byte instead of being parsed and
 * written again (which would lose digits of numbers, duplicate keys and escapes).
 *
 * Works on UTF-8 bytes that are already known to be valid JSON: it finds, it does not check. Every structural
 * character of JSON is ASCII, and no byte of a longer UTF-8 sequence is, so bytes can be looked at one by one.
 * Guarantees: as for JSON.parse, the last of duplicate keys wins; the depth of values that are passed over is not
 * limited by the stack.
 */

/** One step from a value to values within: the member of a name, every member, or every element of an array. */
export type Step = { readonly member: string } | 'members' | 'elements';

/** Told of each value found: the indices of the `elements` steps (reused between calls), and its bytes' span. */
export type SpanVisitor = (indices: readonly number[], start: number, end: number) => void;

/** A native search takes as long to begin as it takes to look at so many bytes. */
const SHORT_BYTES = 24;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Visits every value that `path` leads to, in the order of the text. Where a key occurs more than once, each is
 * visited, so a visitor that keeps the latest span for the same indices agrees with JSON.parse.
 */
export function visitSpans(json: Buffer, path: readonly Step[], visit: SpanVisitor): void {
  descend(json, afterSpace(json, 0), path, 0, [], visit);
}

/**
 * The text with `[]` in the place of every object and list that the path leads to: what is left says as much
 * about the rest, and is short however large those are.
 */
export function withoutContainersAt(json: Buffer, path: readonly Step[]): Buffer {
  const pieces: Buffer[] = [];
  let kept = 0;
  visitSpans(json, path, (_indices, start, end) => {
    if (json[start] !== OPEN_BRACE && json[start] !== OPEN_BRACKET) return;
    pieces.push(json.subarray(kept, start), EMPTY_LIST);
    kept = end;
  });
  return Buffer.concat([...pieces, json.subarray(kept)]);
}

const EMPTY_LIST = Buffer.from('[]');

/** A member of an object: its name, and where it lies from its name to the end of its value. */
export interface MemberSpan {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Every member of the object that the text is, in the order of the text. */
export function memberSpans(json: Buffer): MemberSpan[] {
  const spans: MemberSpan[] = [];
  let next = afterSpace(json, afterSpace(json, 0) + 1);
  while (json[next] !== CLOSE_BRACE) {
    const nameEnd = afterString(json, next);
    const end = afterValue(json, afterSpace(json, afterSpace(json, nameEnd) + 1));
    spans.push({ name: JSON.parse(json.toString('utf8', next, nameEnd)), start: next, end });
    next = afterComma(json, end);
  }
  return spans;
}

/** Goes as deep as the path, which is ours and short; returns the position after the value. */
function descend(
  json: Buffer,
  at: number,
  path: readonly Step[],
  depth: number,
  indices: number[],
  visit: SpanVisitor,
): number {
  const step = path[depth];
  if (step === undefined) {
    const end = afterValue(json, at);
    visit(indices, at, end);
    return end;
  }
  if (step === 'elements') {
    return json[at] === OPEN_BRACKET
      ? descendElements(json, at, path, depth, indices, visit)
      : afterValue(json, at);
  }
  if (json[at] !== OPEN_BRACE) {
    return afterValue(json, at);
  }
  let next = afterSpace(json, at + 1);
  while (json[next] !== CLOSE_BRACE) {
    const keyEnd = afterString(json, next);
    const matches = step === 'members' || keyIs(json, next, keyEnd, step.member);
    // The colon is the one byte between the key and its value that is not white space.
    const value = afterSpace(json, afterSpace(json, keyEnd) + 1);
    next = matches ? descend(json, value, path, depth + 1, indices, visit) : afterValue(json, value);
    next = afterComma(json, next);
  }
  return next + 1;
}

function descendElements(
  json: Buffer,
  at: number,
  path: readonly Step[],
  depth: number,
  indices: number[],
  visit: SpanVisitor,
): number {
  const level = indices.push(0) - 1;
  let next = afterSpace(json, at + 1);
  let index = 0;
  while (json[next] !== CLOSE_BRACKET) {
    indices[level] = index;
    next = afterComma(json, descend(json, next, path, depth + 1, indices, visit));
    index += 1;
  }
  indices.pop();
  return next + 1;
}

function keyIs(json: Buffer, start: number, end: number, name: string): boolean {
  const length = end - start - 2;
  if (length <= name.length) {
    return length === name.length && spells(json, start + 1, name);
  }
  // Escapes make a key longer than its name. Only the key is searched: to the end of the text would be far too long.
  return (
    json.subarray(start, end).includes(BACKSLASH) && JSON.parse(json.toString('utf8', start, end)) === name
  );
}

/** Whether these bytes are the name's, which is ASCII. */
function spells(json: Buffer, at: number, name: string): boolean {
  for (let index = 0; index < name.length; index += 1) {
    if (json[at + index] !== name.charCodeAt(index)) {
      return false;
    }
  }
  return true;
}

function afterSpace(json: Buffer, at: number): number {
  let next = at;
  while (isSpace(json[next])) {
    next += 1;
  }
  return next;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Past white space, and a comma with the white space behind it if there is one. */
function afterComma(json: Buffer, at: number): number {
  const next = afterSpace(json, at);
  return json[next] === COMMA ? afterSpace(json, next + 1) : next;
}

/** The position behind the closing quote of the string that opens at `at`. */
function afterString(json: Buffer, at: number): number {
  let next = at + 1;
  for (;;) {
    for (const end = next + SHORT_BYTES; next < end; next += 1) {
      const byte = json[next];
      if (byte === QUOTE) return next + 1;
      if (byte === BACKSLASH) next += 1;
    }
    // Searched for natively: bodies are long, and looked at byte by byte they would cost more than all else.
    const quote = json.indexOf(QUOTE, next);
    assertWithin(json, quote < 0 ? json.length + 1 : quote);
    if (!isEscaped(json, quote)) return quote + 1;
    next = quote + 1;
  }
}

/** An odd number of backslashes stands before it. */
function isEscaped(json: Buffer, quote: number): boolean {
  let before = quote;
  while (json[before - 1] === BACKSLASH) before -= 1;
  return (quote - before) % 2 === 1;
}

/** The position behind the value at `at`, white space not included. */
function afterValue(json: Buffer, at: number): number {
  const first = json[at];
  if (first === QUOTE) {
    return afterString(json, at);
  }
  if (first === OPEN_BRACE || first === OPEN_BRACKET) {
    return afterContainer(json, at);
  }
  let next = at;
  while (next < json.length && !endsScalar(json[next])) {
    next += 1;
  }
  return next;
}

function endsScalar(byte: number | undefined): boolean {
  return byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || isSpace(byte);
}

/** Counts brackets instead of descending into them: a body may be nested as deeply as it likes. */
function afterContainer(json: Buffer, at: number): number {
  let open = 0;
  let next = at;
  do {
    const byte = json[next];
    if (byte === QUOTE) {
      next = afterString(json, next);
      continue;
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      open += 1;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      open -= 1;
    }
    next += 1;
    assertWithin(json, next);
  } while (open > 0);
  return next;
}

/** Running past the end means that the text was never checked: a mistake of the caller, not of the client. */
function assertWithin(json: Buffer, at: number): void {
  if (at > json.length) {
    throw new RangeError('the text is not valid JSON');
  }
}
