/**
 * Answers for what no operation handles: 404, 405 with Allow, and OPTIONS.
 */
import type { Answer, Operation } from './operation.ts';
import { Problem } from './problems.ts';

interface KnownPath {
  readonly pattern: RegExp;
  readonly methods: readonly string[];
}

/** All that any path supports, as `Allow` lists them. */
export const METHODS = 'GET, HEAD, PUT, POST, PATCH, DELETE, OPTIONS';

/** All paths of the operations with their methods, and those of pages, which can be read. */
export function knownPaths(operations: readonly Operation[], pages: Iterable<string>): readonly KnownPath[] {
  const paths = [...new Set(operations.map(({ path }) => path))];
  return [
    ...paths.map((path) =>
      knownPath(
        path,
        operations.filter((candidate) => candidate.path === path).map(({ method }) => method),
      ),
    ),
    ...[...pages].map((path) => knownPath(path, ['GET'])),
  ];
}

function knownPath(path: string, methods: readonly string[]): KnownPath {
  return {
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
    methods: [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'],
  };
}

/** The answer to a request that no operation handles. */
export function unhandled(paths: readonly KnownPath[], method: string, url: string): Answer {
  // Of the server as a whole (RFC 9110, section 9.3.7).
  if (url === '*' && method === 'OPTIONS') return { status: 204, headers: { allow: METHODS } };
  const path = url.split('?', 1)[0] ?? '';
  // Paths may match twice: /messages/ack is also /messages/{receipt}.
  const methods = [
    ...new Set(paths.filter(({ pattern }) => pattern.test(path)).flatMap((known) => known.methods)),
  ];
  if (methods.length === 0) {
    throw new Problem('not-found', 'This path is unknown. GET /openapi.json describes all that there are.');
  }
  const allow = methods.join(', ');
  if (method === 'OPTIONS') {
    return { status: 204, headers: { allow } };
  }
  throw new Problem('method-not-allowed', `This path supports ${allow}.`, { headers: { allow } });
}
