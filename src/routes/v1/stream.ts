/**
 * Streaming a topic to one client as Server-Sent Events.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { BrokerError, type StreamEvent } from '../../queue/index.ts';
import type { RouteContext } from '../http/context.ts';
import { eventText, retryText, writeEvents } from '../http/event-stream.ts';
import { noQuery } from '../http/no-fields.ts';
import { type Operation, operation } from '../http/operation.ts';
import { invalidField } from '../http/problems.ts';
import { noBody } from '../http/request-bodies.ts';
import { storedText } from './received-json.ts';
import { EXAMPLE_MESSAGE } from './schemas/examples.ts';
import { topicMessages } from './topics.ts';

const EVENT_STREAM = 'text/event-stream';
const EVENT_ID_CHARS_MAX = 256;
const RETRY_MS = 1000;

/** Clients ignore an event without data, so there is some. */
const GAP = eventText({ event: 'gap', data: '{}' });

/** GET /v1/topics/{topic}/stream */
export function stream({ broker, streaming, load, closing, log }: RouteContext): Operation {
  return operation({
    method: 'GET',
    path: `${topicMessages.path}/stream`,
    id: 'streamTopic',
    tag: topicMessages.tag,
    summary: 'Follow a topic as Server-Sent Events',
    description:
      'Every message that is published after the answer has begun, or after the one that Last-Event-ID names, whether or not there are subscriptions. No lease, no ack. `data` is the message as JSON, like Received without what belongs to a lease (a line break within it begins another `data:` line); `id` resumes. Where messages were gone before the stream had come to them, since Last-Event-ID or later, an `event: gap` with the data `{}` comes in their place. A comment every 15 s shows that the stream is alive; a client that does not take within 30 s what was sent to it is disconnected, within 5 s while clients of streams leave no room for others.',
    access: { kind: 'right', right: 'consume', nameOf: topicMessages.nameOf },
    params: topicMessages.params,
    query: noQuery,
    headers: z.object({
      'Last-Event-ID': z.string().max(EVENT_ID_CHARS_MAX).optional().meta({
        description:
          'The id of the last event that was seen. One that was never an id of this stream is refused; an empty one counts as none.',
      }),
    }),
    body: noBody(),
    responses: {
      200: {
        description: 'The stream. It goes on until one side ends it; connect again with Last-Event-ID.',
        content: {
          [EVENT_STREAM]: {
            schema: { type: 'string' },
            example: eventText({ id: '0-42', data: JSON.stringify(EXAMPLE_MESSAGE) }),
          },
        },
      },
    },
    problems: ['not-found'],
    produces: [EVENT_STREAM],
    async handle({ params: { topic }, headers, call }) {
      const lastEventId = lastEventIdOf(headers);
      const done = new AbortController();
      call.signal.addEventListener('abort', () => done.abort());
      if (call.signal.aborted) done.abort();
      const signal = AbortSignal.any([closing, done.signal]);
      const room = load.streamRoom();
      const batches = await broker.stream(topic, lastEventId, { signal }, room);
      return {
        status: 200,
        headers: {
          'content-type': EVENT_STREAM,
          'cache-control': 'no-store',
          // nginx would collect the events into buffers.
          'x-accel-buffering': 'no',
        },
        undelivered: () => done.abort(),
        async stream(response) {
          try {
            await writeEvents(response, retryText(RETRY_MS), batches, textOf, {
              limits: streaming,
              room,
              signal,
            });
          } catch (error) {
            // The client sees the end of the stream, and connects again.
            if (!(error instanceof BrokerError) && !signal.aborted) {
              log.warn({ err: error }, 'a stream ended early');
            }
          } finally {
            done.abort();
          }
        },
      };
    },
  });
}

function lastEventIdOf(headers: IncomingHttpHeaders): string | undefined {
  const id = headers['last-event-id'];
  if (id === undefined || id === '') {
    return undefined;
  }
  if (typeof id !== 'string' || id.length > EVENT_ID_CHARS_MAX) {
    throw invalidField('Last-Event-ID', 'was never an id of this stream');
  }
  return id;
}

function textOf(event: StreamEvent): string {
  return event.kind === 'gap' ? GAP : eventText({ id: event.eventId, data: storedText(event.message) });
}
