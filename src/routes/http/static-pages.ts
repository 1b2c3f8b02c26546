/** Pages for people, in memory, that browsers may keep and ask about again. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { entityTag, isKnownToClient } from './entity-tags.ts';

export interface StaticPage {
  readonly contentType: string;
  readonly bytes: Buffer;
  /** Made from the bytes, so that all gateways of a version have the same. */
  readonly etag: string;
}

export interface PageAnswer {
  readonly status: 200 | 304;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer | undefined;
}

const POLICY =
  "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; frame-ancestors 'self'";

export function staticPage(contentType: string, bytes: Buffer): StaticPage {
  return { contentType, bytes, etag: createHash('sha256').update(bytes).digest('base64url').slice(0, 22) };
}

/**
 * The answer to a GET of a page. A Range is ignored, as it may be (RFC 9110, section 14.2).
 *
 * @throws Problem 'precondition-failed', and 'validation' for preconditions that make no sense
 */
export function pageAnswer(
  { bytes, contentType, etag }: StaticPage,
  request: IncomingHttpHeaders,
): PageAnswer {
  const isKnown = isKnownToClient(request, etag);
  const headers = {
    etag: entityTag(etag),
    'cache-control': 'no-cache',
    'content-security-policy': POLICY,
    ...(isKnown ? {} : { 'content-type': contentType }),
  };
  return { status: isKnown ? 304 : 200, headers, bytes: isKnown ? undefined : bytes };
}
