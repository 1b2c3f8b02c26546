/**
 * Queues as resources: create, change, read, list and delete them.
 */
import { z } from 'zod';
import type { QueueConfig, Resource } from '../queue/index.ts';
import type { MessageSource, PublishTarget, RouteContext } from './context.ts';
import { entityTag, preconditionOfChange, preconditionOfPut } from './entity-tags.ts';
import { instantText } from './instants.ts';
import { refuseNotYetConfig } from './not-yet.ts';
import { type Answer, json, type Operation, operation } from './operation.ts';
import { jsonBody, noBody } from './request-bodies.ts';
import { ETAG_HEADER, emptyResponse, jsonResponse } from './responses.ts';
import { queue, queueList } from './schemas/answers.ts';
import {
  patchedQueueConfig,
  QUEUE_CONFIG_DEFAULTS,
  queueConfigInput,
  queueConfigPatch,
} from './schemas/queue-config.ts';
import { name, noQuery, PAGE_LIMIT_DEFAULT, pageCursor, pageLimit, receipt } from './schemas/scalars.ts';

const PATH = '/v1/queues/{queue}';
const TAG = 'Queues';
const CONFIG_BODY_BYTES_MAX = 64 * 1024;

const params = z.strictObject({ queue: name('The name of the queue.') });

const ifMatch = z.string().optional().meta({
  description:
    'Entity tags (or *): change only when the configuration is still one of these. Weak tags never match.',
});

/** Queues as something to receive from. */
export const queueSource: MessageSource<{ queue: string }> & PublishTarget<{ queue: string }> = {
  path: PATH,
  noun: 'Queue',
  tag: 'Messages of a queue',
  params,
  paramsWithReceipt: params.extend({ receipt }),
  refOf: ({ queue: queueName }) => ({ kind: 'queue', name: queueName }),
};

const EXAMPLE_QUEUE = {
  name: 'orders',
  config: QUEUE_CONFIG_DEFAULTS,
  stats: { messages: 3, ready: 2, leased: 1, delayed: 0, bytes: 512, oldestMessageAgeSeconds: 1.5 },
  createdAt: '2030-01-31T12:00:00.000Z',
  updatedAt: '2030-01-31T12:00:00.000Z',
};

/** The queue as clients see it. */
function queueJson({ name, config, stats, createdAtMs, updatedAtMs }: Resource<QueueConfig>): object {
  const { messages, ready, leased, delayed, bytes, oldestMessageAgeSeconds } = stats;
  return {
    name,
    config,
    stats: { messages, ready, leased, delayed, bytes, oldestMessageAgeSeconds },
    createdAt: instantText(createdAtMs),
    updatedAt: instantText(updatedAtMs),
  };
}

function answered(status: number, resource: Resource<QueueConfig>): Answer {
  return json(status, queueJson(resource), { etag: entityTag(resource.etag) });
}

/** PUT /v1/queues/{queue} */
export function putQueue({ broker }: RouteContext): Operation {
  return operation({
    method: 'PUT',
    path: PATH,
    id: 'putQueue',
    tag: TAG,
    summary: 'Create a queue, or replace its configuration',
    description:
      'No body, or an empty one, means all defaults. Replacing sets every option that is left out back to its default; messages stay.',
    params,
    query: noQuery,
    headers: z.object({
      'If-Match': ifMatch,
      'If-None-Match': z
        .string()
        .optional()
        .meta({ description: '* to create only: 412 when the queue exists.' }),
    }),
    body: jsonBody(queueConfigInput, {
      limitBytes: CONFIG_BODY_BYTES_MAX,
      optional: true,
      description: 'The options; at most 64 KiB.',
      example: { leaseSeconds: 60 },
    }),
    responses: {
      201: jsonResponse('The queue was created.', queue, EXAMPLE_QUEUE, ETAG_HEADER),
      200: jsonResponse('The configuration was replaced.', queue, EXAMPLE_QUEUE, ETAG_HEADER),
    },
    problems: [
      'conflict',
      'precondition-failed',
      'payload-too-large',
      'unsupported-media-type',
      'store-full',
    ],
    produces: ['application/json'],
    async handle({ params, body, headers, call }) {
      refuseNotYetConfig(body);
      const result = await broker.put(
        { kind: 'queue', name: params.queue },
        body,
        preconditionOfPut(headers),
        call,
      );
      return answered(result.created ? 201 : 200, result.resource);
    },
  });
}

/** PATCH /v1/queues/{queue} */
export function patchQueue({ broker }: RouteContext): Operation {
  return operation({
    method: 'PATCH',
    path: PATH,
    id: 'patchQueue',
    tag: TAG,
    summary: 'Change some options of a queue',
    description: 'A JSON merge patch (RFC 7386): options that are left out stay, null resets to the default.',
    params,
    query: noQuery,
    headers: z.object({ 'If-Match': ifMatch }),
    body: jsonBody(queueConfigPatch, {
      limitBytes: CONFIG_BODY_BYTES_MAX,
      mediaTypes: ['application/merge-patch+json', 'application/json'],
      description: 'The options to change; at most 64 KiB.',
      example: { leaseSeconds: 60, maxDeliveries: null },
    }),
    responses: { 200: jsonResponse('The configuration was changed.', queue, EXAMPLE_QUEUE, ETAG_HEADER) },
    problems: [
      'not-found',
      'conflict',
      'precondition-failed',
      'payload-too-large',
      'unsupported-media-type',
      'store-full',
    ],
    produces: ['application/json'],
    async handle({ params, body, headers, call }) {
      const change = (current: QueueConfig): QueueConfig => {
        const patched = patchedQueueConfig(current, body);
        refuseNotYetConfig(patched);
        return patched;
      };
      return answered(
        200,
        await broker.update(
          { kind: 'queue', name: params.queue },
          change,
          preconditionOfChange(headers),
          call,
        ),
      );
    },
  });
}

/** GET /v1/queues/{queue} */
export function getQueue({ broker }: RouteContext): Operation {
  return operation({
    method: 'GET',
    path: PATH,
    id: 'getQueue',
    tag: TAG,
    summary: 'Read a queue',
    description:
      'The configuration with every option in force, and statistics that are exact at the moment of the read.',
    params,
    query: noQuery,
    body: noBody(),
    responses: { 200: jsonResponse('The queue.', queue, EXAMPLE_QUEUE, ETAG_HEADER) },
    problems: ['not-found'],
    produces: ['application/json'],
    async handle({ params, call }) {
      return answered(200, await broker.get({ kind: 'queue', name: params.queue }, call));
    },
  });
}

/** GET /v1/queues */
export function listQueues({ broker }: RouteContext): Operation {
  return operation({
    method: 'GET',
    path: '/v1/queues',
    id: 'listQueues',
    tag: TAG,
    summary: 'List queues',
    description: 'In the order of their names, page by page.',
    params: z.strictObject({}),
    query: z.strictObject({
      prefix: z
        .string()
        .regex(/^[A-Za-z0-9._-]{0,128}$/, 'must be at most 128 letters, digits, dots, underscores or hyphens')
        .optional()
        .meta({ description: 'Only queues whose names begin so.' }),
      limit: pageLimit,
      cursor: pageCursor,
    }),
    body: noBody(),
    responses: { 200: jsonResponse('A page of queues.', queueList, { queues: [EXAMPLE_QUEUE] }) },
    problems: [],
    produces: ['application/json'],
    async handle({ query: { prefix, limit, cursor }, call }) {
      const page = await broker.list(
        'queue',
        {
          limit: limit ?? PAGE_LIMIT_DEFAULT,
          ...(prefix === undefined ? {} : { prefix }),
          ...(cursor === undefined ? {} : { cursor }),
        },
        call,
      );
      return json(200, { queues: page.items.map(queueJson), nextCursor: page.nextCursor });
    },
  });
}

/** DELETE /v1/queues/{queue} */
export function deleteQueue({ broker }: RouteContext): Operation {
  return operation({
    method: 'DELETE',
    path: PATH,
    id: 'deleteQueue',
    tag: TAG,
    summary: 'Delete a queue with all its messages',
    description: 'A queue that is the deadLetterQueue of another cannot be deleted.',
    params,
    query: noQuery,
    headers: z.object({ 'If-Match': ifMatch }),
    body: noBody(),
    responses: { 204: emptyResponse('The queue is gone.') },
    problems: ['not-found', 'conflict', 'precondition-failed'],
    produces: [],
    async handle({ params, headers, call }) {
      await broker.delete({ kind: 'queue', name: params.queue }, preconditionOfChange(headers), call);
      return { status: 204 };
    },
  });
}
