/**
 * The table of contents of the HTTP API: every operation, in the order of the documentation.
 */
import type { MessageSource, PublishTarget, RouteContext } from './context.ts';
import { livez, readyz } from './health.ts';
import { describeApi, openApiDocument } from './openapi-document.ts';
import type { Operation } from './operation.ts';
import { peek, purge } from './peek.ts';
import { describeProblem } from './problem-pages.ts';
import { publish } from './publish.ts';
import { deleteQueue, getQueue, listQueues, patchQueue, putQueue, queueSource } from './queues.ts';
import { receive } from './receive.ts';
import { ack, deleteMessage, extend, nack } from './settle.ts';

export type { RouteContext } from './context.ts';

export interface Api {
  readonly operations: readonly Operation[];
  /** The OpenAPI document of these operations, as JSON. */
  readonly documentText: string;
}

/** The whole API. */
export function apiOf(context: RouteContext): Api {
  // The document describes the operation that answers with it, so it can only follow.
  const description = { text: '' };
  const operations = [...operationsOf(context), describeApi(() => description.text)];
  description.text = `${JSON.stringify(openApiDocument(operations), null, 2)}\n`;
  return { operations, documentText: description.text };
}

function operationsOf(context: RouteContext): Operation[] {
  return [
    putQueue(context),
    patchQueue(context),
    getQueue(context),
    listQueues(context),
    deleteQueue(context),

    ...publishing(context, queueSource),
    ...delivery(context, queueSource),

    livez(),
    readyz(context),
    describeProblem(),
  ];
}

/** What queues and topics share. */
function publishing<Params>(context: RouteContext, target: PublishTarget<Params>): Operation[] {
  return [publish(context, target)];
}

/** What queues and subscriptions share. */
function delivery<Params>(context: RouteContext, source: MessageSource<Params>): Operation[] {
  return [
    receive(context, source),
    ack(context, source),
    nack(context, source),
    extend(context, source),
    deleteMessage(context, source),
    peek(context, source),
    purge(context, source),
  ];
}
