/**
 * Redriving: dead letters go back to where they came from, or elsewhere.
 */
import { z } from 'zod';
import type { Resource } from '../../queue/index.ts';
import { requireRight } from '../http/access.ts';
import type { RouteContext } from '../http/context.ts';
import { noQuery } from '../http/no-fields.ts';
import { json, type Operation, operation } from '../http/operation.ts';
import { invalidField } from '../http/problems.ts';
import { jsonBody } from '../http/request-bodies.ts';
import { jsonResponse } from '../http/responses.ts';
import { queueMessages } from './queues.ts';
import { count, name } from './schemas/scalars.ts';

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
    reason: z.enum(['empty', 'none-ready', 'none-to-move']).optional().meta({
      description:
        'Why nothing was moved: the queue is empty; its messages are leased or delayed; or the ready ones are no dead letters, or what they came from is gone.',
    }),
    detail: z.string().optional().meta({ description: 'The same for people.' }),
  })
  .meta({ id: 'Redriven' });

/** Why a redrive has moved nothing, by what is in the queue. */
export function whyNothing(
  {
    messages,
    ready,
    leased,
    delayed,
  }: Pick<Resource<unknown>['stats'], 'messages' | 'ready' | 'leased' | 'delayed'>,
  deadLetterQueue: string | undefined,
  to: string | undefined,
): Pick<z.output<typeof redriven>, 'reason' | 'detail'> {
  // Whoever asks the queue whose messages have died means the one where they are now.
  const elsewhere =
    deadLetterQueue === undefined ? '' : ` What dies here goes to '${deadLetterQueue}': redrive that queue.`;
  if (messages === 0) return { reason: 'empty', detail: `The queue is empty.${elsewhere}` };
  if (ready === 0) {
    return {
      reason: 'none-ready',
      detail: `None is ready: ${leased} leased, ${delayed} delayed.${elsewhere}`,
    };
  }
  const detail =
    to === undefined
      ? `What is ready was published here, or what it came from is gone: then name where to with \`to\`.`
      : 'What is ready was published here: these are no dead letters.';
  return { reason: 'none-to-move', detail: `${detail}${elsewhere}` };
}

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
      'Ready dead letters go back to the queue or subscription that they came from, or to the queue or topic `to`; none is lost or doubled. They keep their ids, and their deliveries start again at 1. The limits of the target hold: 429, and nothing is moved. Messages of the queue that are no dead letters stay. When nothing is moved, `reason` and `detail` say why. `to` also needs `consume` on the queue and `publish` on `to`.',
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
      const moved = await broker.redrive(queue, request, call);
      if (moved > 0) return json(200, { moved });
      const { stats, config } = await broker.get({ kind: 'queue', name: queue }, call);
      return json(200, { moved, ...whyNothing(stats, config.deadLetterQueue, to) });
    },
  });
}
