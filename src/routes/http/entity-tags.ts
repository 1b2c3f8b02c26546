/**
 * If-Match and If-None-Match (RFC 9110, section 13): as a precondition of the broker, and of reading.
 *
 * Guarantees: what a change depends on is compared strongly, so a weak tag never matches; what is not understood is
 * refused, never ignored.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Precondition } from '../../queue/index.ts';
import { invalidField, Problem } from './problems.ts';

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

/**
 * Whether a GET is answered with 304: the client names this revision as one that it has. There the comparison is weak,
 * as RFC 9110 asks for.
 *
 * @throws Problem 'precondition-failed' when If-Match names others alone
 */
export function isKnownToClient(headers: IncomingHttpHeaders, etag: string): boolean {
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined && ifMatch.trim() !== '*' && !strongTags(ifMatch).includes(etag)) {
    throw new Problem('precondition-failed', 'If-Match names other revisions than the present one.');
  }
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch === undefined) return false;
  return (
    ifNoneMatch.trim() === '*' || tagsOf('If-None-Match', ifNoneMatch).some(({ value }) => value === etag)
  );
}

interface Tag {
  readonly isWeak: boolean;
  readonly value: string;
}

function strongTags(ifMatch: string): string[] {
  return tagsOf('If-Match', ifMatch)
    .filter(({ isWeak }) => !isWeak)
    .map(({ value }) => value);
}

/** A tag may contain commas: the list is split only between quotes. */
function tagsOf(header: string, list: string): Tag[] {
  const pieces = list.match(/(?:[^,"]|"[^"]*"?)+/g) ?? [];
  const tags: Tag[] = [];
  for (const piece of pieces) {
    const text = piece.trim();
    if (text === '') {
      continue;
    }
    const match = ENTITY_TAG.exec(text);
    if (match === null) throw noTags(header);
    tags.push({ isWeak: match[1] !== undefined, value: match[2] ?? '' });
  }
  if (tags.length === 0) throw noTags(header);
  return tags;
}

function noTags(header: string): Problem {
  return invalidField(header, 'must be * or a list of quoted entity tags, as ETag showed them');
}
