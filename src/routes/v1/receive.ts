/**
 * Receiving, for queues and subscriptions alike: leases messages, waiting for them if asked to.
 *
 * Guarantees: a message that was leased for a client that has gone away before its answer was written is given back
 * at once, unless the client announced with an attemptId that it will ask again.
 */
import type { z } from 'zod';
import type { ReceivedMessage, ReceiveRequest, ReceiveResult, SubscriptionRef } from '../../queue/index.ts';
import type { RouteContext } from '../http/context.ts';
import { instantText } from '../http/instants.ts';
import { type Answer, givenTwice, type Operation, operation } from '../http/operation.ts';
import { invalidField, Problem } from '../http/problems.ts';
import { jsonBody } from '../http/request-bodies.ts';
import { jsonResponse } from '../http/responses.ts';
import { fitsIntoHeaders, headersOfOutcomes, MESSAGE_HEADER_BYTES_MAX } from './answer-headers.ts';
import { headersOfAttributes } from './attribute-headers.ts';
import { headersOfEvent } from './cloud-events/binary-mode.ts';
import { eventResponseContent, eventResponseHeaders } from './cloud-events/documentation.ts';
import { EVENT, EVENT_BATCH } from './cloud-events/media-types.ts';
import { eventBatchText, eventText } from './cloud-events/presentation.ts';
import { receivedListBytes, withTextBodies } from './received-json.ts';
import { receivedList } from './schemas/answers.ts';
import { EXAMPLE_RECEIPT, EXAMPLE_RECEIVED } from './schemas/examples.ts';
import { receiveQuery, receiveRequest } from './schemas/messages.ts';
import type { MessageSource } from './targets-and-sources.ts';

const OCTETS = 'application/octet-stream';
/** 1000 receipts, each as long as allowed. */
const RECEIVE_BODY_BYTES_MAX = 1024 * 1024;

const OCTET_HEADERS = {
  'Zoogate-Id': { description: 'The id of the message.', schema: { type: 'string' } },
  'Zoogate-Receipt': { description: 'The receipt.', schema: { type: 'string' } },
  'Zoogate-Deliveries': { description: '1 on the first delivery.', schema: { type: 'integer' } },
  'Zoogate-Published-At': { description: 'In UTC.', schema: { type: 'string', format: 'date-time' } },
  'Zoogate-Lease-Expires-At': { description: 'In UTC.', schema: { type: 'string', format: 'date-time' } },
  'Zoogate-Fencing-Token': { description: 'A decimal that only grows.', schema: { type: 'string' } },
  'Zoogate-Attribute-NAME': {
    description: 'The attribute `name`, its value percent-encoded UTF-8.',
    schema: { type: 'string' },
  },
  'Zoogate-Acked': {
    description: 'With `ack`: the outcomes in the order of the receipts, such as `ok, lost`. Also on 204.',
    schema: { type: 'string' },
  },
} as const;

/** POST …/messages/receive */
export function receive<Params>({ broker, log }: RouteContext, source: MessageSource<Params>): Operation {
  return operation({
    method: 'POST',
    path: `${source.path}/messages/receive`,
    id: `receiveFrom${source.noun}`,
    tag: source.tag,
    summary: 'Receive messages under a lease',
    description: `Answers as soon as there is at least one message, or with an empty list after waitSeconds. Every field but \`ack\` may be a query parameter instead; the same field in both is refused. With Accept: application/octet-stream and max 1, the answer is the message’s bytes with its own Content-Type, and with the ce- headers of an event if it was published as one in binary mode. With Accept: application/cloudevents+json and max 1, or application/cloudevents-batch+json, any message is a CloudEvent: as it was published, or of type zoogate.message with the message’s id, the path of the queue or topic as its source and those attributes whose names allow it. In the forms of one message, its attributes and the outcomes of \`ack\` are headers, of ${MESSAGE_HEADER_BYTES_MAX} bytes in sum: a message with more is not taken, and has to be received as JSON; the answer is 406, or 204 with the outcomes when there is an \`ack\`. When the client goes away during the wait, what was leased for it is given back at once (not with attemptId).`,
    access: { kind: 'right', right: 'consume', nameOf: source.nameOf },
    params: source.params,
    query: receiveQuery,
    body: jsonBody(receiveRequest, {
      limitBytes: RECEIVE_BODY_BYTES_MAX,
      optional: true,
      description: 'All fields are optional; at most 1 MiB.',
      example: { max: 10, waitSeconds: 20, ack: [EXAMPLE_RECEIPT] },
    }),
    responses: {
      200: {
        ...jsonResponse('Messages, or an empty list.', receivedList, { messages: [EXAMPLE_RECEIVED] }),
        headers: { ...OCTET_HEADERS, ...eventResponseHeaders },
        content: {
          'application/json': { schema: receivedList, example: { messages: [EXAMPLE_RECEIVED] } },
          [OCTETS]: { schema: { type: 'string', format: 'binary' } },
          ...eventResponseContent,
        },
      },
      204: {
        description:
          'With Accept: application/octet-stream or application/cloudevents+json: there is no message; or, with `ack`, none that fits into headers.',
        headers: { 'Zoogate-Acked': OCTET_HEADERS['Zoogate-Acked'] },
      },
    },
    problems: ['not-found', 'rate-limited'],
    produces: ['application/json', OCTETS, EVENT, EVENT_BATCH],
    async handle({ params, query, body, accepted, call, share }) {
      const request = requestOf(query, body);
      const textBodies = query.textBodies ?? body.textBodies ?? false;
      if ((accepted === OCTETS || accepted === EVENT) && request.max !== 1) {
        throw invalidField('max', `must be 1 with Accept: ${accepted}`);
      }
      if (request.waitSeconds > 0) share.holdWait();
      const ref = source.refOf(params);
      const result = await broker.receive(ref, deliverableIn(accepted, request), call);
      // What was acked can't be refused any more: without acks it will be told.
      if (result.isWithheld && !result.acked?.length) throw tooMuchForHeaders(accepted);
      const messages = textBodies ? withTextBodies(result.messages) : result.messages;
      const answer = answerIn(accepted, { ...result, messages }, ref);
      if (result.messages.length === 0 || request.autoAck || request.attemptId !== undefined) {
        return answer;
      }
      return {
        ...answer,
        // Acks that came with it cannot be undone.
        isRefusable: request.ack === undefined,
        undelivered() {
          const receipts = result.messages.map((message) => message.receipt);
          broker.release(ref, receipts).catch((error: unknown) => {
            log.warn(
              { err: error, released: receipts.length },
              'leases of a client that left run until they end',
            );
          });
        },
      };
    },
  });
}

function requestOf(
  query: z.output<typeof receiveQuery>,
  body: z.output<typeof receiveRequest>,
): ReceiveRequest {
  for (const field of Object.keys(query)) {
    if (Object.hasOwn(body, field)) {
      throw givenTwice(field);
    }
  }
  const { max, waitSeconds, leaseSeconds, autoAck, attemptId, ack } = { ...body, ...query };
  if (autoAck === true && attemptId !== undefined) {
    throw invalidField('attemptId', 'cannot be combined with autoAck; send one of the two');
  }
  return {
    max: max ?? 1,
    waitSeconds: waitSeconds ?? 0,
    autoAck: autoAck ?? false,
    ...(leaseSeconds === undefined ? {} : { leaseSeconds }),
    ...(attemptId === undefined ? {} : { attemptId }),
    ...(ack === undefined ? {} : { ack }),
  };
}

/** The request for messages that can be answered with in the form that is accepted. */
function deliverableIn(accepted: string, request: ReceiveRequest): ReceiveRequest {
  if (accepted !== OCTETS && accepted !== EVENT) return request;
  const receipts = request.ack?.length ?? 0;
  return { ...request, isDeliverable: (message) => fitsIntoHeaders(message, receipts) };
}

function tooMuchForHeaders(accepted: string): Problem {
  return new Problem(
    'not-acceptable',
    `The next message has more attributes than fit into headers (${MESSAGE_HEADER_BYTES_MAX} bytes), as Accept: ${accepted} wants them. It was not taken: receive it with Accept: application/json.`,
  );
}

function answerIn(accepted: string, result: ReceiveResult, ref: SubscriptionRef): Answer {
  const { messages, acked } = result;
  if (accepted !== OCTETS && accepted !== EVENT && accepted !== EVENT_BATCH) {
    return { status: 200, payload: receivedListBytes(result) };
  }
  const ackedHeader = headersOfOutcomes(acked);
  const place = ref.kind === 'queue' ? `/v1/queues/${ref.name}` : `/v1/topics/${ref.name}`;
  if (accepted === EVENT_BATCH) {
    const headers = { 'content-type': `${EVENT_BATCH}; charset=utf-8`, ...ackedHeader };
    return { status: 200, headers, payload: eventBatchText(messages, place) };
  }
  const [message] = messages;
  if (message === undefined) {
    return { status: 204, headers: ackedHeader };
  }
  const common = { ...deliveryHeaders(message), ...ackedHeader };
  if (accepted === EVENT) {
    const headers = { ...common, 'content-type': `${EVENT}; charset=utf-8` };
    return { status: 200, headers, payload: eventText(message, place) };
  }
  return { status: 200, headers: { ...common, ...octetHeaders(message) }, payload: message.body };
}

function octetHeaders({ contentType, attributes }: ReceivedMessage): Record<string, string> {
  return {
    ...headersOfEvent(attributes),
    'content-type': contentType,
    // A stored text/html must not run as if it were ours.
    'content-security-policy': "default-src 'none'; sandbox",
  };
}

function deliveryHeaders(message: ReceivedMessage): Record<string, string | string[]> {
  return {
    ...headersOfAttributes(message.attributes),
    'zoogate-id': message.id,
    'zoogate-receipt': message.receipt,
    'zoogate-deliveries': String(message.deliveries),
    'zoogate-published-at': instantText(message.publishedAtMs),
    'zoogate-lease-expires-at': instantText(message.leaseExpiresAtMs),
    'zoogate-fencing-token': message.fencingToken,
  };
}
