/**
 * The table of contents of the HTTP API: every operation, in the order of the documentation.
 */

import { livez, readyz } from './about/health.ts';
import { metrics } from './about/metrics.ts';
import { describeApi, openApiDocument } from './about/openapi-document.ts';
import { describeProblem } from './about/problem-pages.ts';
import { root, version } from './about/version.ts';
import type { Operation } from './http/operation.ts';
import type { MessageSource, RouteContext } from './v1/context.ts';
import { browse, peek, purge } from './v1/peek.ts';
import { publish } from './v1/publish.ts';
import { queueMessages, queues } from './v1/queues.ts';
import { receive } from './v1/receive.ts';
import { redrive } from './v1/redrive.ts';
import { resourceOperations } from './v1/resources.ts';
import { seek } from './v1/seek.ts';
import { ack, deleteMessage, extend, nack, reject } from './v1/settle.ts';
import { stream } from './v1/stream.ts';
import { subscriptionMessages, subscriptions } from './v1/subscriptions.ts';
import { topicMessages, topics } from './v1/topics.ts';
import { transact } from './v1/transactions.ts';

export type { ManagementAction } from './http/operation.ts';
export type { ProblemCode } from './http/problems.ts';
export type { RouteContext } from './v1/context.ts';

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
  description.text = `${JSON.stringify(openApiDocument(operations, context.version), null, 2)}\n`;
  return { operations, documentText: description.text };
}

function operationsOf(context: RouteContext): Operation[] {
  return [
    ...resourceOperations(context, queues),
    publish(context, queueMessages),
    ...delivery(context, queueMessages),
    redrive(context),

    ...resourceOperations(context, topics),
    publish(context, topicMessages),
    browse(context),
    stream(context),

    ...resourceOperations(context, subscriptions),
    ...delivery(context, subscriptionMessages),
    seek(context),

    transact(context),

    root(),
    livez(),
    readyz(context),
    version(context),
    metrics(context),
    describeProblem(),
  ];
}

/** What queues and subscriptions share. */
function delivery<Params>(context: RouteContext, source: MessageSource<Params>): Operation[] {
  return [
    receive(context, source),
    ack(context, source),
    nack(context, source),
    extend(context, source),
    reject(context, source),
    deleteMessage(context, source),
    peek(context, source),
    purge(context, source),
  ];
}
