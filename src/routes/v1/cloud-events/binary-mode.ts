/**
 * CloudEvents in binary mode (HTTP binding, section 3.1): the data is the body, every other attribute a `ce-` header.
 * A message keeps each of them as an attribute of the header's name, so that filters see it, and has the headers again
 * when it is received as bytes.
 */

import { ATTRIBUTES_MAX, isStorable } from '../../../queue/index.ts';
import { invalidField, invalidFields } from '../../http/problems.ts';
import { fieldErrors } from '../../http/validation.ts';
import { eventContext } from '../schemas/cloud-events.ts';

type Attributes = Readonly<Record<string, string>>;

const PREFIX = 'ce-';
/** Its presence tells an event from a request that only has some such header. */
export const VERSION_HEADER = `${PREFIX}specversion`;

/** Grammar of the names of attributes, extensions included. */
const NAME = /^[a-z0-9]+$/;
/** In binary mode the one is the Content-Type and the other the body. */
const NO_HEADERS = new Set(['datacontenttype', 'data']);

/**
 * The attributes of the event that the header lines (names and values in turn) describe, by the headers' names.
 *
 * @throws Problem 'validation' when they are no valid event
 */
export function contextOfHeaders(rawHeaders: readonly string[]): Record<string, string> {
  const context = new Map<string, string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const header = rawHeaders[index]?.toLowerCase() ?? '';
    if (!header.startsWith(PREFIX)) continue;
    const name = header.slice(PREFIX.length);
    if (!NAME.test(name) || NO_HEADERS.has(name)) {
      throw invalidField(header, 'is no attribute of an event in binary mode');
    }
    if (context.has(name)) throw invalidField(header, 'is given more than once; send it once');
    context.set(name, decoded(header, rawHeaders[index + 1] ?? ''));
    if (context.size > ATTRIBUTES_MAX) {
      throw invalidField(header, `is one too many: at most ${ATTRIBUTES_MAX} attributes are accepted`);
    }
  }
  const value = Object.fromEntries(context);
  const result = eventContext.safeParse(value);
  if (!result.success) {
    const errors = fieldErrors(result.error.issues, value);
    throw invalidFields(errors.map(({ path, message }) => ({ path: `${PREFIX}${path}`, message })));
  }
  return Object.fromEntries([...context].map(([name, value]) => [`${PREFIX}${name}`, value]));
}

/** The attributes of the event that a message's attributes describe, by their own names; undefined when they do not. */
export function contextOfAttributes(attributes: Attributes): Record<string, string> | undefined {
  if (!Object.hasOwn(attributes, VERSION_HEADER)) return undefined;
  const named = Object.entries(attributes)
    .filter(([name]) => name.startsWith(PREFIX))
    .map(([name, value]): [string, string] => [name.slice(PREFIX.length), value])
    .filter(([name]) => NAME.test(name) && !NO_HEADERS.has(name));
  const context = Object.fromEntries(named);
  return eventContext.safeParse(context).success ? context : undefined;
}

/** The headers of the event that a message's attributes describe; none when they do not. */
export function headersOfEvent(attributes: Attributes): Record<string, string> {
  const context = contextOfAttributes(attributes);
  if (context === undefined) return {};
  return Object.fromEntries(
    Object.entries(context).map(([name, value]) => [`${PREFIX}${name}`, encoded(value)]),
  );
}

const CONTROL = /\p{Cc}/u;

/** Section 3.1.3.2: quoted strings, which older senders use, are unwrapped; then one round of percent-decoding. */
function decoded(header: string, value: string): string {
  if (!/^[\t -~]*$/.test(value)) {
    throw invalidField(header, 'must be ASCII: percent-encode the UTF-8 bytes of the value');
  }
  const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(value)?.[1];
  const text = percentDecoded(header, quoted === undefined ? value : quoted.replaceAll(/\\(.)/g, '$1'));
  if (CONTROL.test(text) || !isStorable(text)) {
    throw invalidField(header, 'must not have control characters');
  }
  return text;
}

function percentDecoded(header: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw invalidField(header, 'is not valid percent-encoded UTF-8; a percent sign itself is %25');
  }
}

/** Space, quote, percent sign, and all that is not printable ASCII. */
function encoded(value: string): string {
  return value.replaceAll(/[^!#$&-~]+/gu, encodeURIComponent);
}
