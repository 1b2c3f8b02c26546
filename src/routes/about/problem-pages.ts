/**
 * The pages that the `type` of a problem points to.
 */
import { z } from 'zod';
import { PUBLIC } from '../http/access.ts';
import { noQuery } from '../http/no-fields.ts';
import { type Operation, operation } from '../http/operation.ts';
import { PROBLEM_CODES, problemKind } from '../http/problems.ts';
import { noBody } from '../http/request-bodies.ts';

/** GET /problems/{code} */
export function describeProblem(): Operation {
  return operation({
    method: 'GET',
    path: '/problems/{code}',
    id: 'describeProblem',
    tag: 'Operation',
    summary: 'What a problem means',
    description: 'The page that the `type` of a problem points to.',
    access: PUBLIC,
    params: z.strictObject({
      code: z.enum(PROBLEM_CODES).meta({ description: 'The `code` of the problem.' }),
    }),
    query: noQuery,
    body: noBody(),
    isLimited: false,
    responses: {
      200: {
        description: 'The explanation.',
        content: { 'text/plain': { schema: { type: 'string' }, example: 'not-found (404)' } },
      },
    },
    problems: [],
    produces: ['text/plain'],
    handle({ params: { code } }) {
      const { status, title, description } = problemKind(code);
      return {
        status: 200,
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        payload: `${code} (${status})\n\n${title}.\n\n${description}\n`,
      };
    },
  });
}
