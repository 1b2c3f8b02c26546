/**
 * What becomes of received messages: ack, nack, extend and reject, for queues and subscriptions alike.
 */
import type { z } from 'zod';
import type { Outcome, SettleAction } from '../../queue/index.ts';
import type { RouteContext } from '../http/context.ts';
import { noQuery } from '../http/no-fields.ts';
import { json, type Operation, operation } from '../http/operation.ts';
import { invalidField, Problem } from '../http/problems.ts';
import { jsonBody, noBody } from '../http/request-bodies.ts';
import { emptyResponse, jsonResponse } from '../http/responses.ts';
import { outcomeJson } from './received-json.ts';
import { outcomeList } from './schemas/answers.ts';
import { EXAMPLE_RECEIPT } from './schemas/examples.ts';
import { ackRequest, extendRequest, nackRequest, rejectRequest } from './schemas/messages.ts';
import type { MessageSource } from './targets-and-sources.ts';

/** 1000 receipts, each as long as allowed. */
const RECEIPTS_BODY_BYTES_MAX = 1024 * 1024;

interface Settlement<Schema extends z.ZodType> {
  readonly verb: 'ack' | 'nack' | 'extend' | 'reject';
  readonly summary: string;
  readonly description: string;
  readonly schema: Schema;
  readonly example: object;
  actionOf(body: z.output<Schema>): SettleAction;
}

function settlement<Params, Schema extends z.ZodType<{ receipts: string[] }>>(
  { broker }: RouteContext,
  source: MessageSource<Params>,
  { verb, summary, description, schema, example, actionOf }: Settlement<Schema>,
): Operation {
  const body = { receipts: [EXAMPLE_RECEIPT], ...example };
  return operation({
    method: 'POST',
    path: `${source.path}/messages/${verb}`,
    id: `${verb}${source.noun}Messages`,
    tag: source.tag,
    summary,
    description,
    access: { kind: 'right', right: 'consume', nameOf: source.nameOf },
    params: source.params,
    query: noQuery,
    body: jsonBody(schema, {
      limitBytes: RECEIPTS_BODY_BYTES_MAX,
      description: '1 to 1000 receipts; at most 1 MiB.',
      example: body,
    }),
    responses: {
      200: jsonResponse('One outcome for each receipt.', outcomeList, {
        results: [{ receipt: EXAMPLE_RECEIPT, outcome: 'ok' }],
      }),
    },
    problems: ['not-found', 'store-full'],
    produces: ['application/json'],
    async handle({ params, body: request, call }) {
      const outcomes = await broker.settle(source.refOf(params), actionOf(request), request.receipts, call);
      return json(200, { results: outcomes.map(outcomeJson) });
    },
  });
}

/** POST …/messages/ack */
export function ack<Params>(context: RouteContext, source: MessageSource<Params>): Operation {
  return settlement(context, source, {
    verb: 'ack',
    summary: 'Ack messages: they are done',
    description: 'Acking twice, or late but before anyone else got the message, is `ok`.',
    schema: ackRequest,
    example: {},
    actionOf: () => ({ kind: 'ack' }),
  });
}

/** POST …/messages/nack */
export function nack<Params>(context: RouteContext, source: MessageSource<Params>): Operation {
  return settlement(context, source, {
    verb: 'nack',
    summary: 'Give messages back, optionally for later',
    description: 'The messages are ready again at once, or after delaySeconds (0 to 43200).',
    schema: nackRequest,
    example: { delaySeconds: 5 },
    actionOf: ({ delaySeconds }) => ({ kind: 'nack', delaySeconds }),
  });
}

/** POST …/messages/extend */
export function extend<Params>(context: RouteContext, source: MessageSource<Params>): Operation {
  return settlement(context, source, {
    verb: 'extend',
    summary: 'Keep messages for longer',
    description: 'The lease ends leaseSeconds (0.5 to 43200) from now. The receipts stay valid.',
    schema: extendRequest,
    example: { leaseSeconds: 60 },
    actionOf: ({ leaseSeconds }) => ({ kind: 'extend', leaseSeconds }),
  });
}

/** POST …/messages/reject */
export function reject<Params>(context: RouteContext, source: MessageSource<Params>): Operation {
  return settlement(context, source, {
    verb: 'reject',
    summary: 'Move messages to the dead letters',
    description:
      'Straight to the dead-letter queue, with the reason; dropped and counted when there is none.',
    schema: rejectRequest,
    example: { reason: 'unknown customer' },
    actionOf: ({ reason }) => (reason === undefined ? { kind: 'reject' } : { kind: 'reject', reason }),
  });
}

/** DELETE …/messages/{receipt} */
export function deleteMessage<Params>({ broker }: RouteContext, source: MessageSource<Params>): Operation {
  return operation({
    method: 'DELETE',
    path: `${source.path}/messages/{receipt}`,
    id: `delete${source.noun}Message`,
    tag: source.tag,
    summary: 'Ack one message',
    description: 'The same as ack with one receipt, for clients that only know methods and paths.',
    access: { kind: 'right', right: 'consume', nameOf: source.nameOf },
    params: source.paramsWithReceipt,
    query: noQuery,
    body: noBody(),
    responses: { 204: emptyResponse('The message is done.') },
    problems: ['not-found', 'lease-lost', 'store-full'],
    produces: [],
    async handle({ params, call }) {
      const [result] = await broker.settle(source.refOf(params), { kind: 'ack' }, [params.receipt], call);
      requireOk(result);
      return { status: 204 };
    },
  });
}

function requireOk(result: Outcome | undefined): void {
  if (result?.outcome === 'lost') {
    throw new Problem(
      'lease-lost',
      'The lease ran out and the message was given to someone else, or it is gone.',
    );
  }
  if (result?.outcome !== 'ok') {
    throw invalidField('receipt', 'was never a receipt of this queue; send one that receive answered with');
  }
}
