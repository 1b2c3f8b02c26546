/**
 * Problems as answers. Each door says how its errors are written; what belongs to no door (bytes that are not HTTP, an
 * unknown path) is written as `application/problem+json` (RFC 9457).
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply } from 'fastify';
import { ERRORS_LISTED_MAX, type Problem, problemKind } from './problems.ts';

/** A whole answer but for the headers that every answer has. */
export interface ErrorAnswer {
  readonly status: number;
  /** With a content type. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

/** What an error's form may depend on: a protocol may have several, told apart by how the request was sent. */
export interface FailedRequest {
  /** As in X-Request-Id. */
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
}

/**
 * The form that a protocol gives to any problem, those of refusals before the handler included: credentials, rights,
 * limits, a body that is too large. A door with errors of its own throws a class that extends `Problem`, and knows it
 * again here.
 */
export type ErrorWriter = (problem: Problem, request: FailedRequest) => ErrorAnswer;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Of the door that the route belongs to. */
    writeError?: ErrorWriter;
  }
}

/** A problem as RFC 9457 has it. */
export function problemAnswer(problem: Problem): ErrorAnswer {
  const { status, title, retryAfterSeconds } = problemKind(problem.code);
  const listed = problem.errors.slice(0, ERRORS_LISTED_MAX);
  const text = JSON.stringify({
    type: `/problems/${problem.code}`,
    title,
    status,
    detail: problem.message,
    code: problem.code,
    ...(problem.code === 'validation' ? { errors: listed } : {}),
  });
  const headers = {
    'content-type': 'application/problem+json',
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    ...problem.headers,
  };
  return { status, headers, bytes: Buffer.from(text) };
}

/** Sends the answer of a request whose body has come in whole. */
export function sendError(reply: FastifyReply, { status, headers, bytes }: ErrorAnswer): FastifyReply {
  // Bytes and no string: to that Fastify would add a charset, which not every media type has.
  return reply.code(status).headers(headers).send(bytes);
}
