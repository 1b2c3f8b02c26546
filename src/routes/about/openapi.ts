/** The OpenAPI document, as a gateway answers with it. */
import { PUBLIC } from '../http/access.ts';
import type { RouteContext } from '../http/context.ts';
import { noParams, noQuery } from '../http/no-fields.ts';
import { type Operation, operation } from '../http/operation.ts';
import { noBody } from '../http/request-bodies.ts';

/** GET /openapi.json */
export function describeApi({ openApiText }: RouteContext): Operation {
  return operation({
    method: 'GET',
    path: '/openapi.json',
    id: 'describeApi',
    tag: 'Operation',
    summary: 'This document',
    description: 'OpenAPI 3.1. The same as a page for people: /docs.',
    access: PUBLIC,
    params: noParams,
    query: noQuery,
    body: noBody(),
    isLimited: false,
    responses: {
      200: { description: 'This document.', content: { 'application/json': { schema: { type: 'object' } } } },
    },
    problems: [],
    produces: ['application/json'],
    handle: () => ({ status: 200, payload: openApiText() }),
  });
}
