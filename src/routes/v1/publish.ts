/**
 * Publishing, for queues and topics alike: many messages as JSON, or one as bytes.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { NewMessage, PublishedMessage } from '../../queue/index.ts';
import type { RouteContext } from '../http/context.ts';
import { CONTENT_TYPE, CONTENT_TYPE_CHARS_MAX, mediaTypeOf } from '../http/media-types.ts';
import { type CheckedRequest, json, type Operation, operation } from '../http/operation.ts';
import { invalidField, invalidFields } from '../http/problems.ts';
import { bytesBody } from '../http/request-bodies.ts';
import { jsonResponse } from '../http/responses.ts';
import { checked } from '../http/validation.ts';
import { attributesOfHeaders } from './attribute-headers.ts';
import { eventHeaders, eventRequestContent } from './cloud-events/documentation.ts';
import { eventModeOf, messagesOfEvents } from './cloud-events/publishing.ts';
import { type CountedLists, parseMessages } from './message-texts.ts';
import {
  messageCount,
  messageOfBytes,
  messagesOfJson,
  PUBLISH_BODIES,
  PUBLISH_MESSAGES,
  REQUEST_MESSAGES_MAX,
  requireMessageCount,
  requireWithinLimits,
  tooManyMessages,
} from './new-messages.ts';
import { publishedList } from './schemas/answers.ts';
import { type MessageOptions, messageOptions, publishRequest } from './schemas/messages.ts';
import { TRACE_HEADERS } from './schemas/trace-headers.ts';
import type { PublishTarget } from './targets-and-sources.ts';
import { carrying } from './trace-attributes.ts';

/**
 * 900 KiB of messages fit into this in every legal spelling: six bytes for each character escaped as \uXXXX, and
 * room for the structure around them.
 */
export const PUBLISH_BODY_BYTES_MAX = 8 * 1024 * 1024;

const MESSAGES: CountedLists = {
  path: PUBLISH_MESSAGES,
  max: REQUEST_MESSAGES_MAX,
  refuse() {
    throw tooManyMessages();
  },
};

const DEFAULT_CONTENT_TYPE = 'application/octet-stream';

/** POST …/messages */
export function publish<Params>({ broker, limits }: RouteContext, target: PublishTarget<Params>): Operation {
  return operation({
    method: 'POST',
    path: `${target.path}/messages`,
    id: `publishTo${target.noun}`,
    tag: target.tag,
    summary: 'Publish messages',
    description:
      'All or nothing: one request is one atomic write, answered once a quorum of the ensemble has committed it. With Content-Type application/json: 1 to 1000 messages of 900 KiB in sum, each with its options. With any other Content-Type, or none: the body is one message’s bytes, options are query parameters (curl -d sends application/x-www-form-urlencoded unless told otherwise, which is kept: say -H Content-Type: text/plain, or receive with textBodies), and attributes are Zoogate-Attribute-<name> headers (values percent-encoded UTF-8). A message’s size is its body and its attributes; at most 256 KiB unless configured otherwise. CloudEvents 1.0 are taken in each mode of their HTTP binding: structured as they are, a batch as its events (options hold for each), and with a ce-specversion header in binary mode, whatever the Content-Type; the ce- headers are then attributes of the message, for filters to see.',
    access: { kind: 'right', right: 'publish', nameOf: target.nameOf },
    params: target.params,
    query: messageOptions,
    headers: z.object({
      'Zoogate-Attribute-NAME': z.string().optional().meta({
        pattern: '^[ -~]*$',
        description: 'For a message as bytes: the attribute `name`, its value percent-encoded.',
      }),
      ...eventHeaders,
      ...TRACE_HEADERS,
    }),
    body: bytesBody(
      (headers) => (bringsMessages(headers) ? PUBLISH_BODY_BYTES_MAX : limits.maxMessageBytes),
      {
        description:
          'Messages as JSON, or one message’s bytes; at most 8 MiB as sent, or the largest message.',
        required: false,
        content: {
          'application/json': {
            schema: publishRequest,
            example: { messages: [{ body: { order: 4711 }, attributes: { kind: 'created' } }] },
          },
          'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
          ...eventRequestContent,
        },
      },
    ),
    responses: {
      201: jsonResponse('All messages are stored.', publishedList, { messages: [{ id: '0-42' }] }),
    },
    problems: ['not-found', 'queue-full', 'store-full'],
    produces: ['application/json'],
    async handle(request) {
      const messages = await messagesOf(request);
      requireWithinLimits(messages, limits);
      const { call } = request;
      const ref = target.refOf(request.params);
      const published = await carrying(call.traceContext, [messages], limits, ([carried = []]) =>
        broker.publish(ref, carried, call),
      );
      return json(201, publishedJson(published));
    },
  });
}

/** Whether a body may be larger than the messages in it; every other is a message itself. */
function bringsMessages(headers: IncomingHttpHeaders): boolean {
  const mediaType = mediaTypeOf(headers['content-type'] ?? '');
  const eventMode = eventModeOf(mediaType, headers);
  return eventMode === undefined ? mediaType === 'application/json' : eventMode === 'batched';
}

/** What became of the messages of one publish. */
export function publishedJson(published: readonly PublishedMessage[]): object {
  return {
    messages: published.map(({ id, duplicate }) => (duplicate === true ? { id, duplicate } : { id })),
  };
}

/** The messages of a request, in whichever form it brings them. */
async function messagesOf(request: CheckedRequest<unknown, MessageOptions, Buffer>): Promise<NewMessage[]> {
  const { body, query, headers, rawHeaders } = request;
  const contentType = headers['content-type'];
  const mediaType = contentType === undefined ? undefined : mediaTypeOf(contentType);
  const attributes = attributesOfHeaders(rawHeaders);
  const eventMode = eventModeOf(mediaType, headers);
  if (eventMode === undefined && mediaType === 'application/json') {
    return messagesFromJson(body, query, attributes);
  }
  const storedType = checkedContentType(contentType);
  return eventMode === undefined
    ? [messageOfBytes(body, storedType, attributes, query)]
    : messagesOfEvents(eventMode, { body, contentType: storedType, rawHeaders, attributes, options: query });
}

async function messagesFromJson(
  bytes: Buffer,
  query: MessageOptions,
  attributes: Readonly<Record<string, string>>,
): Promise<NewMessage[]> {
  const misplaced = [
    ...Object.keys(query),
    ...Object.keys(attributes).map((attribute) => `zoogate-attribute-${attribute}`),
  ];
  if (misplaced.length > 0) {
    const message = 'belongs into the message when the Content-Type is application/json';
    throw invalidFields(misplaced.map((path) => ({ path, message })));
  }
  const value = await parseMessages(bytes, PUBLISH_BODIES, [MESSAGES]);
  requireMessageCount(messageCount(value));
  return messagesOfJson(bytes, checked(publishRequest, value).messages);
}

function checkedContentType(contentType: string | undefined): string {
  if (contentType === undefined || contentType === '') {
    return DEFAULT_CONTENT_TYPE;
  }
  if (contentType.length > CONTENT_TYPE_CHARS_MAX || !CONTENT_TYPE.test(contentType)) {
    throw invalidField(
      'Content-Type',
      `must be a media type of at most ${CONTENT_TYPE_CHARS_MAX} characters`,
    );
  }
  return contentType;
}
