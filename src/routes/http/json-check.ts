/**
 * Judges JSON texts without making values of them: JSON.parse takes seconds, and hundreds of megabytes, for a few
 * megabytes that were written for that purpose (objects of one member each, of a name of its own). This takes some
 * nanoseconds for each byte, whatever they are, and stops at the first byte that is too much.
 *
 * Works on bytes that are already known to be UTF-8. Guarantees: `valid` exactly when JSON.parse takes the text
 * (RFC 8259); the depth of a text is not limited by the stack.
 */

/** What a text may consist of; Infinity means no limit. */
export interface JsonBounds {
  /** Objects, lists, strings, numbers and literals, at every level; names of members do not count. */
  readonly valuesMax: number;
  /** Of objects and lists within each other; that of `{}` is 1. */
  readonly depthMax: number;
}

export const NO_BOUNDS: JsonBounds = {
  valuesMax: Number.POSITIVE_INFINITY,
  depthMax: Number.POSITIVE_INFINITY,
};

export type JsonVerdict = 'valid' | 'invalid' | 'too-many' | 'too-deep';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const LOWER_E = 0x65;
const UPPER_E = 0x45;
const LOWER_U = 0x75;

const LITERALS: ReadonlyMap<number | undefined, string> = new Map([
  [0x74, 'true'],
  [0x66, 'false'],
  [0x6e, 'null'],
]);
/** What may follow a backslash: " \ / b f n r t, and u with four digits behind it. */
const ESCAPED = new Uint8Array(256);
for (const byte of [QUOTE, BACKSLASH, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74]) ESCAPED[byte] = 1;

/** In the place of a position: the text is not JSON. */
const NOWHERE = -1;

/** Whether the text is JSON, and within the bounds. */
export function judgeJson(json: Buffer, { valuesMax, depthMax }: JsonBounds): JsonVerdict {
  /** The closing bracket of each container that is open, in the order of opening. */
  const closings = new Closings();
  let values = 0;
  let at = afterSpace(json, 0);
  for (;;) {
    // A value begins here.
    values += 1;
    if (values > valuesMax) return 'too-many';
    const first = json[at];
    if (first === OPEN_BRACE || first === OPEN_BRACKET) {
      if (closings.depth >= depthMax) return 'too-deep';
      const closing = first === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET;
      at = afterSpace(json, at + 1);
      if (json[at] !== closing) {
        closings.open(closing);
        if (closing === CLOSE_BRACE) at = afterName(json, at);
        if (at === NOWHERE) return 'invalid';
        continue;
      }
      at += 1;
    } else {
      at = afterScalar(json, at);
      if (at === NOWHERE) return 'invalid';
    }
    // A value has ended here, and with it perhaps those that it is the last of.
    at = afterSpace(json, at);
    while (closings.depth > 0 && json[at] === closings.innermost) {
      closings.close();
      at = afterSpace(json, at + 1);
    }
    if (closings.depth === 0) return at === json.length ? 'valid' : 'invalid';
    if (json[at] !== COMMA) return 'invalid';
    at = afterSpace(json, at + 1);
    if (closings.innermost === CLOSE_BRACE) at = afterName(json, at);
    if (at === NOWHERE) return 'invalid';
  }
}

/** A stack in one byte for each level: a message body may have hundreds of thousands. */
class Closings {
  depth = 0;
  innermost = 0;
  #bytes = new Uint8Array(64);

  open(closing: number): void {
    if (this.depth === this.#bytes.length) {
      const grown = new Uint8Array(2 * this.depth);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.depth] = closing;
    this.depth += 1;
    this.innermost = closing;
  }

  close(): void {
    this.depth -= 1;
    this.innermost = this.#bytes[this.depth - 1] ?? 0;
  }
}

function afterSpace(json: Buffer, at: number): number {
  let next = at;
  for (;;) {
    const byte = json[next];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return next;
    next += 1;
  }
}

/** Where the value of the member begins whose name begins here. */
function afterName(json: Buffer, at: number): number {
  if (json[at] !== QUOTE) return NOWHERE;
  const end = afterString(json, at);
  if (end === NOWHERE) return NOWHERE;
  const colon = afterSpace(json, end);
  return json[colon] === COLON ? afterSpace(json, colon + 1) : NOWHERE;
}

function afterScalar(json: Buffer, at: number): number {
  const first = json[at];
  if (first === QUOTE) return afterString(json, at);
  const literal = LITERALS.get(first);
  if (literal === undefined) return afterNumber(json, at);
  for (let index = 1; index < literal.length; index += 1) {
    if (json[at + index] !== literal.charCodeAt(index)) return NOWHERE;
  }
  return at + literal.length;
}

function afterString(json: Buffer, at: number): number {
  let next = at + 1;
  for (;;) {
    const byte = json[next];
    if (byte === QUOTE) return next + 1;
    // Past the end as well, and control characters.
    if (byte === undefined || byte < 0x20) return NOWHERE;
    next += 1;
    if (byte === BACKSLASH) {
      const escaped = json[next];
      if (escaped === LOWER_U) {
        for (let digit = 1; digit <= 4; digit += 1) if (!isHexDigit(json[next + digit])) return NOWHERE;
        next += 5;
      } else if (escaped !== undefined && ESCAPED[escaped] === 1) next += 1;
      else return NOWHERE;
    }
  }
}

function isHexDigit(byte = 0): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}

function isDigit(byte = 0): boolean {
  return byte >= ZERO && byte <= NINE;
}

function afterNumber(json: Buffer, at: number): number {
  let next = json[at] === MINUS ? at + 1 : at;
  if (json[next] === ZERO) next += 1;
  else next = afterDigits(json, next);
  if (next !== NOWHERE && json[next] === POINT) next = afterDigits(json, next + 1);
  if (next !== NOWHERE && (json[next] === LOWER_E || json[next] === UPPER_E)) {
    const sign = json[next + 1];
    next = afterDigits(json, next + (sign === PLUS || sign === MINUS ? 2 : 1));
  }
  return next;
}

/** At least one. */
function afterDigits(json: Buffer, at: number): number {
  let next = at;
  while (isDigit(json[next])) next += 1;
  return next === at ? NOWHERE : next;
}
