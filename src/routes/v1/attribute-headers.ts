/**
 * Attributes as `Zoogate-Attribute-<name>` headers: names lower-cased by HTTP, values percent-encoded UTF-8.
 */

import { ATTRIBUTE_NAME, ATTRIBUTE_NAME_MESSAGE, ATTRIBUTES_MAX } from '../../queue/index.ts';
import { invalidField } from '../http/problems.ts';

const PREFIX = 'zoogate-attribute-';

/** The attributes among the header lines (names and values in turn). */
export function attributesOfHeaders(rawHeaders: readonly string[]): Record<string, string> {
  const attributes = new Map<string, string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const header = rawHeaders[index]?.toLowerCase() ?? '';
    if (!header.startsWith(PREFIX)) {
      continue;
    }
    const name = header.slice(PREFIX.length);
    if (!ATTRIBUTE_NAME.test(name)) {
      throw invalidField(header, ATTRIBUTE_NAME_MESSAGE);
    }
    if (attributes.has(name)) {
      throw invalidField(header, 'is given more than once; send it once');
    }
    attributes.set(name, decoded(header, rawHeaders[index + 1] ?? ''));
    if (attributes.size > ATTRIBUTES_MAX) {
      throw invalidField(header, `is one too many: at most ${ATTRIBUTES_MAX} attributes are accepted`);
    }
  }
  // Unlike assignment, fromEntries makes an own property even of __proto__.
  return Object.fromEntries(attributes);
}

function decoded(header: string, value: string): string {
  if (!/^[\t -~]*$/.test(value)) {
    throw invalidField(header, 'must be ASCII: percent-encode the UTF-8 bytes of the value');
  }
  try {
    return decodeURIComponent(value);
  } catch {
    throw invalidField(header, 'is not valid percent-encoded UTF-8; a percent sign itself is %25');
  }
}

/** The headers that stand for the attributes. Names that differ only in case share one header, in several lines. */
export function headersOfAttributes(
  attributes: Readonly<Record<string, string>>,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(attributes)) {
    const header = `${PREFIX}${name.toLowerCase()}`;
    const encoded = encodeURIComponent(value);
    const earlier = headers[header];
    headers[header] = earlier === undefined ? encoded : [earlier, encoded].flat();
  }
  return headers;
}
