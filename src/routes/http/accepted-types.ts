/** What a refused content type is answered with: those that the operation takes, as headers. Pure. */
import type { Method, OperationDefinition } from './operation.ts';
import { Problem } from './problems.ts';

/** RFC 5789 and the Linked Data Platform have names of their own for these methods; RFC 9110 for all others. */
const HEADERS: Partial<Record<Method, string>> = { PATCH: 'accept-patch', POST: 'accept-post' };

/** Names the media types that are documented, in the refusal of another one. */
export function withAcceptedTypes(
  error: unknown,
  { method, body }: Pick<OperationDefinition<never, never, unknown>, 'method' | 'body'>,
): unknown {
  const types = Object.keys(body.openapi?.content ?? {});
  const isAboutType = error instanceof Problem && error.code === 'unsupported-media-type';
  if (!isAboutType || 'accept-encoding' in error.headers || types.length === 0) return error;
  const header = { [HEADERS[method] ?? 'accept']: types.join(', ') };
  return new Problem(error.code, error.message, { cause: error, headers: { ...error.headers, ...header } });
}
