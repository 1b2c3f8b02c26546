/**
 * Looking at messages without leasing them: those of queues and subscriptions, and the log of a topic; and purging.
 */
import { z } from 'zod';
import type { PeekedMessage } from '../../queue/index.ts';
import type { RouteContext } from '../http/context.ts';
import { noQuery } from '../http/no-fields.ts';
import { type Operation, operation } from '../http/operation.ts';
import { noBody } from '../http/request-bodies.ts';
import { emptyResponse, jsonResponse } from '../http/responses.ts';
import { peekedListText, withTextBodies } from './received-json.ts';
import { peekedList } from './schemas/answers.ts';
import { EXAMPLE_MESSAGE } from './schemas/examples.ts';
import { textBodies } from './schemas/messages.ts';
import { messageState, PAGE_LIMIT_DEFAULT, pageCursor, pageLimit } from './schemas/scalars.ts';
import type { MessageSource } from './targets-and-sources.ts';
import { topicMessages } from './topics.ts';

/** GET …/messages */
export function peek<Params>({ broker }: RouteContext, source: MessageSource<Params>): Operation {
  return operation({
    method: 'GET',
    path: `${source.path}/messages`,
    id: `peek${source.noun}Messages`,
    tag: source.tag,
    summary: 'Look at messages without leasing them',
    description: 'In the order of the log, page by page; at most 1000 a page.',
    access: { kind: 'right', right: 'consume', nameOf: source.nameOf },
    params: source.params,
    query: z.strictObject({
      state: messageState
        .optional()
        .meta({ description: 'Only messages in this state; by default in every state.' }),
      limit: pageLimit,
      cursor: pageCursor,
      textBodies,
    }),
    body: noBody(),
    responses: {
      200: jsonResponse('A page of messages.', peekedList, {
        messages: [{ ...EXAMPLE_MESSAGE, state: 'ready', deliveries: 0 }],
      }),
    },
    problems: ['not-found'],
    produces: ['application/json'],
    async handle({ params, query: { state, limit, cursor, textBodies: isText = false }, call }) {
      const page = await broker.peek(
        source.refOf(params),
        {
          limit: limit ?? PAGE_LIMIT_DEFAULT,
          ...(state === undefined ? {} : { state }),
          ...(cursor === undefined ? {} : { cursor }),
        },
        call,
      );
      return { status: 200, payload: peekedListText(shown(page.items, isText), page.nextCursor) };
    },
  });
}

/** GET /v1/topics/{topic}/messages */
export function browse({ broker }: RouteContext): Operation {
  return operation({
    method: 'GET',
    path: `${topicMessages.path}/messages`,
    id: 'browseTopic',
    tag: topicMessages.tag,
    summary: 'Browse the log of a topic',
    description:
      'What the topic holds, oldest first, whatever its subscriptions have done with it; page by page.',
    access: { kind: 'right', right: 'consume', nameOf: topicMessages.nameOf },
    params: topicMessages.params,
    query: z.strictObject({ limit: pageLimit, cursor: pageCursor, textBodies }),
    body: noBody(),
    responses: {
      200: jsonResponse('A page of messages.', peekedList, {
        messages: [{ ...EXAMPLE_MESSAGE, state: 'ready', deliveries: 0 }],
      }),
    },
    problems: ['not-found'],
    produces: ['application/json'],
    async handle({ params: { topic }, query: { limit, cursor, textBodies: isText = false }, call }) {
      const request = { limit: limit ?? PAGE_LIMIT_DEFAULT, ...(cursor === undefined ? {} : { cursor }) };
      const page = await broker.browse(topic, request, call);
      return { status: 200, payload: peekedListText(shown(page.items, isText), page.nextCursor) };
    },
  });
}

function shown(messages: readonly PeekedMessage[], isText: boolean): readonly PeekedMessage[] {
  return isText ? withTextBodies(messages) : messages;
}

/** POST …/purge */
export function purge<Params>({ broker }: RouteContext, source: MessageSource<Params>): Operation {
  return operation({
    method: 'POST',
    path: `${source.path}/purge`,
    id: `purge${source.noun}`,
    managementAction: 'purge',
    tag: source.tag,
    summary: 'Drop all messages',
    description: 'Everything stored before the call is gone, and every older receipt is `lost`.',
    access: { kind: 'right', right: 'manage', nameOf: source.nameOf },
    params: source.params,
    query: noQuery,
    body: noBody(),
    responses: { 204: emptyResponse('Everything stored before is gone.') },
    problems: ['not-found', 'store-full'],
    produces: [],
    async handle({ params, call }) {
      await broker.purge(source.refOf(params), call);
      return { status: 204 };
    },
  });
}
