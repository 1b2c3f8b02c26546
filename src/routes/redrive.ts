/**
 * Redriving: dead letters go back to where they came from, or elsewhere.
 */
import { z } from 'zod';
import { requireRight } from './access.ts';
import type { RouteContext } from './context.ts';
import { json, type Operation, operation } from './operation.ts';
import { invalidField } from './problems.ts';
import { queueMessages } from './queues.ts';
import { jsonBody } from './request-bodies.ts';
import { jsonResponse } from './responses.ts';
import { count, name, noQuery } from './schemas/scalars.ts';

const BODY_BYTES_MAX = 16 * 1024;
const MOVED_MAX = 1_000_000;

const redriveRequest = z
  .strictObject({
    to: name('A queue or topic. Absent: the queue or subscription that each message came from.').optional(),
    max: count(1, MOVED_MAX, 'How many to move at most. Absent: all that are ready.').optional(),
  })
  .meta({ id: 'RedriveRequest' });

const redriven = z
  .strictObject({
    moved: z.int().min(0).meta({ description: 'How many dead letters were moved.', format: 'int64' }),
  })
  .meta({ id: 'Redriven' });

/** POST /v1/queues/{queue}/redrive */
export function redrive({ broker }: RouteContext): Operation {
  return operation({
    method: 'POST',
    path: `${queueMessages.path}/redrive`,
    id: 'redriveQueue',
    managementAction: 'redrive',
    tag: queueMessages.tag,
    summary: 'Move dead letters on',
    description:
      'Ready dead letters go back to the queue or subscription that they came from, or to the queue or topic `to`; none is lost or doubled. They keep their ids, and their deliveries start again at 1. The limits of the target hold: 429, and nothing is moved. Messages of the queue that are no dead letters stay. `to` also needs `consume` on the queue and `publish` on `to`.',
    access: { kind: 'right', right: 'manage', nameOf: queueMessages.nameOf },
    params: queueMessages.params,
    query: noQuery,
    body: jsonBody(redriveRequest, {
      limitBytes: BODY_BYTES_MAX,
      optional: true,
      description: 'Where to, and how many.',
      example: { max: 100 },
    }),
    responses: { 200: jsonResponse('They are moved.', redriven, { moved: 3 }) },
    problems: ['not-found', 'conflict', 'queue-full', 'store-full'],
    produces: ['application/json'],
    async handle({ params: { queue }, body: { to, max }, principal, call }) {
      if (to === queue) {
        throw invalidField('to', 'cannot be the queue itself');
      }
      if (to !== undefined) {
        // As if they were received here and published there: who may not read them must not carry them away.
        requireRight(principal, 'consume', queue);
        requireRight(principal, 'publish', to);
      }
      const request = { ...(to === undefined ? {} : { to }), ...(max === undefined ? {} : { max }) };
      return json(200, { moved: await broker.redrive(queue, request, call) });
    },
  });
}
