/**
 * The table of doors: each protocol is a folder beside this file, and a line here.
 */
import { about } from './about/index.ts';
import type { RouteContext } from './http/context.ts';
import type { Door } from './http/door.ts';
import type { ErrorWriter } from './http/error-answers.ts';
import { openApiDocument } from './http/openapi-document.ts';
import type { Operation } from './http/operation.ts';
import { nativeApi } from './v1/index.ts';

export type { Door } from './http/door.ts';
export type { ManagementAction } from './http/operation.ts';
export type { ProblemCode } from './http/problems.ts';

/** In the order of the documentation. */
export const DOORS: readonly Door[] = [nativeApi, about];

/** The largest body that any operation takes. */
export const BODY_BYTES_MAX = Math.max(...DOORS.map(({ bodyBytesMax }) => bodyBytesMax));

export interface Api {
  readonly routes: readonly Route[];
  /** The OpenAPI document of the operations, as JSON. */
  readonly documentText: string;
}

/** An operation behind its door. */
export interface Route {
  readonly operation: Operation;
  readonly writeError: ErrorWriter;
}

/** All operations of these doors, and their document. */
export function apiOf(context: Omit<RouteContext, 'openApiText'>, doors = DOORS): Api {
  // The document also describes the operation that answers with it.
  let documentText = '';
  const opened = doors.map((door) => ({
    ...door,
    operations: door.operations({ ...context, openApiText: () => documentText }),
  }));
  const described = opened.flatMap(({ description, operations }) =>
    description === undefined ? [] : [{ description, operations }],
  );
  const info = { title: 'zoogate', version: context.version.version, description: DESCRIPTION };
  documentText = `${JSON.stringify(openApiDocument(info, described), null, 2)}\n`;
  const routes = opened.flatMap(({ operations, writeError }) =>
    operations.map((operation) => ({ operation, writeError })),
  );
  return { routes, documentText };
}

const DESCRIPTION = `A message broker over plain HTTP, stored in Apache ZooKeeper.

Every replica answers every request. Durations are numbers of seconds, fractions allowed. Instants are RFC 3339, with any offset in, in UTC with milliseconds out. Unknown JSON fields and query parameters are refused. A path with a slash at its end is another path: 404.

Errors are RFC 9457 \`application/problem+json\` with a code of a closed list; see the Problem schema and /problems/{code}. Where the gateway asks for credentials, send \`Authorization: Bearer\` with an API key or a JSON Web Token. Rights (\`publish\`, \`consume\`, \`manage\`) are granted by the names of queues and topics, and of subscriptions as \`topic/subscription\`.

A request refused with 4xx, 503 or 507 has changed nothing; only 504 leaves it open. Every answer carries X-Request-Id, which may also be sent.`;
