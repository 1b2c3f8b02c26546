/**
 * Transactions: consume, transform and produce in one atomic step.
 */
import { z } from 'zod';
import { ANONYMOUS, type Principal } from '../../access/index.ts';
import {
  NAME_PATTERN,
  type NewMessage,
  type SubscriptionRef,
  type TopicRef,
  type TransactionRequest,
} from '../../queue/index.ts';
import { requireRight } from '../http/access.ts';
import type { RouteContext } from '../http/context.ts';
import { noParams, noQuery } from '../http/no-fields.ts';
import { json, type Operation, operation } from '../http/operation.ts';
import { invalidField } from '../http/problems.ts';
import { jsonTextBody } from '../http/request-bodies.ts';
import { jsonResponse } from '../http/responses.ts';
import { checked } from '../http/validation.ts';
import { type CountedLists, parseMessages } from './message-texts.ts';
import {
  messageCount,
  publishesOfJson,
  REQUEST_MESSAGES_MAX,
  requireMessageCount,
  requireWithinLimits,
  TRANSACTION_BODIES,
  TRANSACTION_MESSAGES,
  tooManyMessages,
} from './new-messages.ts';
import { publishedJson } from './publish.ts';
import { EXAMPLE_RECEIPT } from './schemas/examples.ts';
import { RECEIPTS_MAX } from './schemas/scalars.ts';
import { TRACE_HEADERS } from './schemas/trace-headers.ts';
import {
  TRANSACTION_RECEIPTS_MAX,
  TRANSACTION_RECEIPTS_MESSAGE,
  transactionRequest,
  transactionResult,
} from './schemas/transactions.ts';
import { nameOfSubscription } from './subscriptions.ts';
import { carrying } from './trace-attributes.ts';

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
      const value = await parseMessages(body, TRANSACTION_BODIES, [RECEIPTS, MESSAGES]);
      const parts = partsOf(value);
      requireMessageCount(parts.publishes.reduce<number>((sum, part) => sum + messageCount(part), 0));
      requireRights(principal, parts);
      const { transactionId, acks, publishes } = checked(transactionRequest, value);
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

const RECEIPTS: CountedLists = {
  path: [{ member: 'acks' }, 'elements', { member: 'receipts' }, 'elements'],
  max: TRANSACTION_RECEIPTS_MAX,
  refuse([part = 0, index = 0]) {
    if (index < RECEIPTS_MAX) throw invalidField('acks', TRANSACTION_RECEIPTS_MESSAGE);
    throw invalidField(`acks.${part}.receipts`, `must have at most ${RECEIPTS_MAX} elements`);
  },
};

const MESSAGES: CountedLists = {
  path: TRANSACTION_MESSAGES,
  max: REQUEST_MESSAGES_MAX,
  refuse() {
    throw tooManyMessages();
  },
};

/** The parts of a value that may or may not be a transaction. */
interface Parts {
  readonly acks: readonly unknown[];
  readonly publishes: readonly unknown[];
}

function partsOf(value: unknown): Parts {
  const { acks, publishes } = (typeof value === 'object' && value !== null ? value : {}) as {
    readonly [Name in keyof Parts]?: unknown;
  };
  return {
    acks: Array.isArray(acks) ? acks : [],
    publishes: Array.isArray(publishes) ? publishes : [],
  };
}

/**
 * Before anything else is checked: whoever may not use what a transaction names is not told what else is wrong with it.
 * Parts without valid names are refused for that.
 */
function requireRights(principal: Principal, { acks, publishes }: Parts): void {
  for (const part of acks.filter(isPlace)) requireRight(principal, 'consume', nameOf(part));
  for (const part of publishes.filter(isPlace)) requireRight(principal, 'publish', nameOf(part));
}

function isPlace(part: unknown): part is Place {
  if (typeof part !== 'object' || part === null) return false;
  const { queue, topic, subscription }: { [Name in keyof Place]: unknown } = part;
  const names = [queue, topic, subscription].filter((name) => name !== undefined);
  return names.length > 0 && names.every((name) => typeof name === 'string' && NAME_PATTERN.test(name));
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
