/**
 * Whether the process runs, and whether it can serve.
 */
import { z } from 'zod';
import { PUBLIC } from '../http/access.ts';
import type { RouteContext } from '../http/context.ts';
import { noParams, noQuery } from '../http/no-fields.ts';
import { json, type Operation, operation } from '../http/operation.ts';
import { Problem } from '../http/problems.ts';
import { noBody } from '../http/request-bodies.ts';
import { jsonResponse } from '../http/responses.ts';

const TAG = 'Operation';
const status = z.strictObject({ status: z.string() }).meta({ id: 'Status' });

/** GET /livez */
export function livez(): Operation {
  return operation({
    method: 'GET',
    path: '/livez',
    id: 'livez',
    tag: TAG,
    summary: 'Whether the process runs',
    description: 'Says nothing about the ensemble: restarting a gateway does not mend ZooKeeper.',
    access: PUBLIC,
    params: noParams,
    query: noQuery,
    body: noBody(),
    isLimited: false,
    responses: { 200: jsonResponse('The process runs.', status, { status: 'alive' }) },
    problems: [],
    produces: ['application/json'],
    handle: () => json(200, { status: 'alive' }),
  });
}

/** GET /readyz */
export function readyz({ broker }: RouteContext): Operation {
  return operation({
    method: 'GET',
    path: '/readyz',
    id: 'readyz',
    tag: TAG,
    summary: 'Whether this gateway can serve',
    description: 'The ensemble answers, and the gateway is not draining.',
    access: PUBLIC,
    params: noParams,
    query: noQuery,
    body: noBody(),
    isLimited: false,
    responses: { 200: jsonResponse('Requests are welcome.', status, { status: 'ready' }) },
    problems: ['unavailable'],
    produces: ['application/json'],
    handle() {
      if (!broker.ready) {
        throw new Problem('unavailable', 'The gateway is draining, or cut off from its ensemble.');
      }
      return json(200, { status: 'ready' });
    },
  });
}
