/**
 * Transactions: consume, transform and produce in one atomic step.
 */
import { z } from 'zod';
import { ANONYMOUS, type Principal } from '../access/index.ts';
import type { NewMessage, SubscriptionRef, TopicRef, TransactionRequest } from '../queue/index.ts';
import { requireRight } from './access.ts';
import type { RouteContext } from './context.ts';
import { messageCount, publishesOfJson, requireMessageCount, requireWithinLimits } from './new-messages.ts';
import { json, type Operation, operation } from './operation.ts';
import { publishedJson } from './publish.ts';
import { jsonTextBody, parseJson } from './request-bodies.ts';
import { EXAMPLE_RECEIPT, jsonResponse } from './responses.ts';
import { noParams, noQuery } from './schemas/scalars.ts';
import { TRACE_HEADERS } from './schemas/trace-headers.ts';
import { transactionRequest, transactionResult } from './schemas/transactions.ts';
import { nameOfSubscription } from './subscriptions.ts';
import { carrying } from './trace-context.ts';
import { checked } from './validation.ts';

/** Those of a publish request, and 1000 receipts, each as long as allowed. */
export const TRANSACTION_BODY_BYTES_MAX = 9 * 1024 * 1024;

/** POST /v1/transactions */
export function transact({ broker, limits }: RouteContext): Operation {
  return operation({
    method: 'POST',
    path: '/v1/transactions',
    id: 'transact',
    tag: 'Transactions',
    summary: 'Ack and publish in one atomic step',
    description:
      'All of it happens, over any queues, topics and subscriptions, or nothing: 409 `transaction-aborted` when a receipt is lost, invalid or already acked. The same receipt twice is refused. The limits of one publish request hold for all publishes together. Repeating it with the same transactionId within 300 s returns the first answer with `duplicate: true`, whatever the body.',
    access: { kind: 'body' },
    params: noParams,
    query: noQuery,
    headers: z.object(TRACE_HEADERS),
    body: jsonTextBody(TRANSACTION_BODY_BYTES_MAX, {
      description: 'Receipts to ack and messages to publish; at most 9 MiB as sent.',
      required: true,
      content: {
        'application/json': {
          schema: transactionRequest,
          example: {
            transactionId: 'order-4711-paid',
            acks: [{ queue: 'orders', receipts: [EXAMPLE_RECEIPT] }],
            publishes: [{ queue: 'shipments', messages: [{ body: { order: 4711 } }] }],
          },
        },
      },
    }),
    responses: {
      200: jsonResponse('It is done.', transactionResult, { publishes: [{ messages: [{ id: '0-42' }] }] }),
    },
    problems: ['not-found', 'transaction-aborted', 'queue-full', 'store-full'],
    produces: ['application/json'],
    async handle({ body, principal, call }) {
      const value = parseJson(body);
      requireMessageCount(publishesIn(value).reduce<number>((sum, part) => sum + messageCount(part), 0));
      const { transactionId, acks, publishes } = checked(transactionRequest, value);
      for (const part of acks) requireRight(principal, 'consume', nameOf(part));
      for (const part of publishes) requireRight(principal, 'publish', nameOf(part));
      const messages = publishesOfJson(
        body,
        publishes.map((part) => part.messages),
      );
      requireWithinLimits(messages.flat(), limits);
      const requestWith = (carried: readonly (readonly NewMessage[])[]): TransactionRequest => ({
        ...(transactionId === undefined ? {} : { transactionId: idOf(principal, transactionId) }),
        acks: acks.map((part) => ({ source: sourceOf(part), receipts: part.receipts })),
        publishes: publishes.map((part, index) => ({
          target: targetOf(part),
          messages: carried[index] ?? [],
        })),
      });
      const { publishes: published, duplicate } = await carrying(
        call.traceContext,
        messages,
        limits,
        (carried) => broker.transact(requestWith(carried), call),
      );
      return json(200, {
        publishes: published.map((part) => publishedJson(part.messages)),
        ...(duplicate === true ? { duplicate } : {}),
      });
    },
  });
}

/** The publishes of a value that may or may not be a transaction. */
function publishesIn(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null && 'publishes' in value && Array.isArray(value.publishes)
    ? value.publishes
    : [];
}

/** What rights are granted on. */
function nameOf({ queue, topic = '', subscription }: Place): string {
  if (queue !== undefined) return queue;
  return subscription === undefined ? topic : nameOfSubscription({ topic, subscription });
}

/** Each principal has ids of its own: nobody learns the answer of somebody else, or has a transaction swallowed. */
function idOf(principal: Principal, transactionId: string): string {
  return principal === ANONYMOUS ? transactionId : JSON.stringify([principal.name, transactionId]);
}

interface Place {
  readonly queue?: string | undefined;
  readonly topic?: string | undefined;
  readonly subscription?: string | undefined;
}

function sourceOf({ queue, topic, subscription }: Place): SubscriptionRef {
  if (queue !== undefined) {
    return { kind: 'queue', name: queue };
  }
  if (topic === undefined || subscription === undefined) {
    throw new Error('a checked ack names neither a queue nor a subscription');
  }
  return { kind: 'topic', name: topic, subscription };
}

function targetOf({ queue, topic }: Place): TopicRef {
  if (queue !== undefined) {
    return { kind: 'queue', name: queue };
  }
  if (topic === undefined) {
    throw new Error('a checked publish names neither a queue nor a topic');
  }
  return { kind: 'topic', name: topic };
}
