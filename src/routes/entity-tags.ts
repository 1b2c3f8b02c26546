/**
 * If-Match and If-None-Match (RFC 9110, section 13) as a precondition of the broker.
 *
 * Guarantees: comparison is strong, so a weak tag never matches; what is not understood is refused, never ignored.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Precondition } from '../queue/index.ts';
import { invalidField } from './problems.ts';

const ENTITY_TAG = /^(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"$/;

/** The header's form of a revision. */
export function entityTag(etag: string): string {
  return `"${etag}"`;
}

/** The conditions of a PUT. */
export function preconditionOfPut(headers: IncomingHttpHeaders): Precondition {
  const precondition = preconditionOfChange(headers);
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch === undefined) {
    return precondition;
  }
  if (ifNoneMatch.trim() !== '*') {
    throw invalidField(
      'If-None-Match',
      'must be * here (create only); to replace a known revision send If-Match',
    );
  }
  return { ...precondition, ifAbsent: true };
}

/** The conditions of a PATCH or DELETE. */
export function preconditionOfChange(headers: IncomingHttpHeaders): Precondition {
  const ifMatch = headers['if-match'];
  if (ifMatch === undefined) {
    return {};
  }
  return { ifMatch: ifMatch.trim() === '*' ? '*' : strongTags(ifMatch) };
}

/** A tag may contain commas: the list is split only between quotes. */
function strongTags(list: string): string[] {
  const pieces = list.match(/(?:[^,"]|"[^"]*"?)+/g) ?? [];
  const tags: string[] = [];
  for (const piece of pieces) {
    const text = piece.trim();
    if (text === '') {
      continue;
    }
    const match = ENTITY_TAG.exec(text);
    if (match === null) {
      throw invalidField('If-Match', 'must be * or a list of quoted entity tags, as ETag showed them');
    }
    if (match[1] === undefined && match[2] !== undefined) {
      tags.push(match[2]);
    }
  }
  return tags;
}
