/**
 * The table of contents of the HTTP API: every operation, in the order of the documentation.
 */
import type { MessageSource, PublishTarget, RouteContext } from './context.ts';
import { livez, readyz } from './health.ts';
import type { Operation } from './operation.ts';
import { peek, purge } from './peek.ts';
import { describeProblem } from './problem-pages.ts';
import { publish } from './publish.ts';
import { deleteQueue, getQueue, listQueues, patchQueue, putQueue, queueSource } from './queues.ts';
import { receive } from './receive.ts';
import { ack, deleteMessage, extend, nack } from './settle.ts';

export type { RouteContext } from './context.ts';

/** All operations of the API. */
export function operations(context: RouteContext): Operation[] {
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
