/**
 * Which version of zoogate answers, and where somebody who types in its address finds everything else.
 */
import { z } from 'zod';
import { PUBLIC } from '../http/access.ts';
import type { RouteContext } from '../http/context.ts';
import { noParams, noQuery } from '../http/no-fields.ts';
import { json, type Operation, operation } from '../http/operation.ts';
import { noBody } from '../http/request-bodies.ts';
import { jsonResponse } from '../http/responses.ts';

const TAG = 'Operation';

const versionAnswer = z
  .strictObject({
    version: z.string(),
    commit: z.string().optional().meta({
      description: 'What it was built from; absent where the build did not know.',
    }),
  })
  .meta({ id: 'Version' });

/** GET /version */
export function version({ version: known }: RouteContext): Operation {
  return operation({
    method: 'GET',
    path: '/version',
    id: 'version',
    tag: TAG,
    summary: 'Which version this gateway is',
    description: 'The same number as that of the OpenAPI document, of the package and of the image.',
    access: { kind: 'version' },
    params: noParams,
    query: noQuery,
    body: noBody(),
    isLimited: false,
    responses: {
      200: jsonResponse('The version.', versionAnswer, { version: '1.2.3', commit: '0123456789ab' }),
    },
    problems: [],
    produces: ['application/json'],
    handle: () => json(200, known),
  });
}

const WELCOME = `This is zoogate, a message broker over HTTP.

  /docs          all requests, described
  /openapi.json  the same as an OpenAPI document
  /readyz        whether this gateway can serve
`;

/** GET / */
export function root(): Operation {
  return operation({
    method: 'GET',
    path: '/',
    id: 'root',
    tag: TAG,
    summary: 'Where to go from here',
    description: 'Leads to /docs.',
    access: PUBLIC,
    params: noParams,
    query: noQuery,
    body: noBody(),
    isLimited: false,
    responses: {
      303: {
        description: 'See /docs.',
        headers: { Location: { description: '/docs', schema: { type: 'string' } } },
        content: { 'text/plain': { schema: { type: 'string' }, example: WELCOME } },
      },
    },
    problems: [],
    // Said to everybody: somebody who types in the address asks for text/html, and is led on.
    produces: [],
    handle: () => ({
      status: 303,
      headers: { location: '/docs', 'content-type': 'text/plain; charset=utf-8' },
      payload: WELCOME,
    }),
  });
}
