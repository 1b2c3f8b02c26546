/**
 * The table of contents of the HTTP API: every operation, in the order of the documentation.
 */
import type { MessageSource, RouteContext } from './context.ts';
import { livez, readyz } from './health.ts';
import { metrics } from './metrics.ts';
import { describeApi, openApiDocument } from './openapi-document.ts';
import type { Operation } from './operation.ts';
import { browse, peek, purge } from './peek.ts';
import { describeProblem } from './problem-pages.ts';
import { publish } from './publish.ts';
import { queueMessages, queues } from './queues.ts';
import { receive } from './receive.ts';
import { redrive } from './redrive.ts';
import { resourceOperations } from './resources.ts';
import { seek } from './seek.ts';
import { ack, deleteMessage, extend, nack, reject } from './settle.ts';
import { stream } from './stream.ts';
import { subscriptionMessages, subscriptions } from './subscriptions.ts';
import { topicMessages, topics } from './topics.ts';
import { transact } from './transactions.ts';
import { root, version } from './version.ts';

export type { RouteContext } from './context.ts';
export type { ManagementAction } from './operation.ts';
export type { ProblemCode } from './problems.ts';

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
