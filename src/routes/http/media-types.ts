/**
 * Content types and Accept headers (RFC 9110), and what the one says about a body's bytes.
 *
 * Guarantees: a content type that passes is safe to send back as a header.
 */
import { isUtf8 } from 'node:buffer';
import type { BodyKind } from '../../queue/index.ts';
import { type JsonBounds, judgeJson } from './json-check.ts';

export const CONTENT_TYPE_CHARS_MAX = 256;

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED = '"(?:[\\t !#-\\[\\]-~]|\\\\[\\t -~])*"';
/** type/subtype with parameters, without bytes beyond ASCII. */
export const CONTENT_TYPE = new RegExp(
  `^${TOKEN}/${TOKEN}(?:[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|${QUOTED}))*[ \\t]*;?$`,
);

/** As many values, or levels, as the largest message of 900 KiB has room for. */
const BODY_BOUNDS: JsonBounds = { valuesMax: 460_800, depthMax: 460_800 };

/** The lower-cased type/subtype of a content type, without its parameters. */
export function mediaTypeOf(contentType: string): string {
  const semicolon = contentType.indexOf(';');
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
}

/** Whether a body of this content type is text. */
export function isText(contentType: string): boolean {
  return mediaTypeOf(contentType).startsWith('text/');
}

/** How bytes of this content type can be shown in a JSON answer: only what they really are counts. */
export function bodyKindOf(contentType: string, body: Buffer): BodyKind {
  const mediaType = mediaTypeOf(contentType);
  if (mediaType.startsWith('text/')) {
    return isUtf8(body) ? 'text' : 'bytes';
  }
  if (mediaType === 'application/json' || mediaType.endsWith('+json')) {
    return isUtf8(body) && judgeJson(body, BODY_BOUNDS) === 'valid' ? 'json' : 'bytes';
  }
  return 'bytes';
}

/**
 * The one of the offered media types that the Accept header likes best; of equals the first offered. Undefined when
 * it excludes all of them. Parameters other than q are not looked at.
 */
export function preferredType<Offer extends string>(
  accept: string | undefined,
  offers: readonly Offer[],
): Offer | undefined {
  if (accept === undefined || accept === '*/*' || accept.trim() === '') {
    return offers[0];
  }
  const ranges = accept.split(',').map(parseRange);
  let best: Offer | undefined;
  let bestQuality = 0;
  for (const offer of offers) {
    const quality = qualityOf(offer, ranges);
    if (quality > bestQuality) {
      best = offer;
      bestQuality = quality;
    }
  }
  return best;
}

interface Range {
  readonly range: string;
  readonly quality: number;
}

function parseRange(text: string): Range {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => /^q[ \t]*=/.test(parameter));
  if (weight === undefined) {
    return { range, quality: 1 };
  }
  const value = weight.slice(weight.indexOf('=') + 1).trim();
  return { range, quality: /^(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/.test(value) ? Number(value) : 0 };
}

/** The most specific range that matches decides, whatever its place in the header. */
function qualityOf(offer: string, ranges: readonly Range[]): number {
  const wildcard = `${offer.slice(0, offer.indexOf('/'))}/*`;
  for (const candidate of [offer, wildcard, '*/*']) {
    const match = ranges.find(({ range }) => range === candidate);
    if (match !== undefined) {
      return match.quality;
    }
  }
  return 0;
}
