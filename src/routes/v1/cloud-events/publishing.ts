/**
 * Publishing CloudEvents, in each of the three modes of their HTTP binding. A structured event is stored as it is,
 * byte for byte, and a batch as its events; in binary mode the data is the message's body.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { NewMessage } from '../../../queue/index.ts';
import { ATTRIBUTES_MAX } from '../../../queue/index.ts';
import { visitSpans } from '../../http/json-bodies.ts';
import { invalidField } from '../../http/problems.ts';
import { checked } from '../../http/validation.ts';
import { type CountedLists, parseMessages } from '../message-texts.ts';
import {
  messageOfBytes,
  REQUEST_MESSAGES_MAX,
  requireMessageCount,
  tooManyMessages,
} from '../new-messages.ts';
import { cloudEvent, cloudEventBatch } from '../schemas/cloud-events.ts';
import type { MessageOptions } from '../schemas/messages.ts';
import { contextOfHeaders, VERSION_HEADER } from './binary-mode.ts';
import { EVENT, EVENT_BATCH } from './media-types.ts';

export type EventMode = 'binary' | 'structured' | 'batched';

/** How a request publishes events; undefined when it does not. */
export function eventModeOf(
  mediaType: string | undefined,
  headers: IncomingHttpHeaders,
): EventMode | undefined {
  if (mediaType === EVENT) return 'structured';
  if (mediaType === EVENT_BATCH) return 'batched';
  return headers[VERSION_HEADER] === undefined ? undefined : 'binary';
}

export interface EventRequest {
  readonly body: Buffer;
  readonly contentType: string;
  readonly rawHeaders: readonly string[];
  /** Those of Zoogate-Attribute headers. */
  readonly attributes: Readonly<Record<string, string>>;
  /** They hold for each event. */
  readonly options: MessageOptions;
}

/** The messages of a request that publishes events. */
export async function messagesOfEvents(mode: EventMode, request: EventRequest): Promise<NewMessage[]> {
  const { body, contentType, rawHeaders, attributes, options } = request;
  switch (mode) {
    case 'binary': {
      const context = contextOfHeaders(rawHeaders);
      return [messageOfBytes(body, contentType, united(context, attributes), options)];
    }
    case 'structured':
      checked(cloudEvent, await parseMessages(body, ['members'], []));
      return [messageOfBytes(body, contentType, attributes, options)];
    case 'batched':
      return (await eventsOf(body, options)).map((event) =>
        messageOfBytes(event, EVENT, attributes, options),
      );
  }
}

const EVENTS: CountedLists = {
  path: ['elements'],
  max: REQUEST_MESSAGES_MAX,
  refuse() {
    throw tooManyMessages();
  },
};

/** The text of each event of a batch. */
async function eventsOf(body: Buffer, options: MessageOptions): Promise<Buffer[]> {
  if (options.dedupId !== undefined) {
    throw invalidField('dedupId', 'belongs to one event, not to a batch: all but the first would be dropped');
  }
  const value = await parseMessages(body, ['elements', 'members'], [EVENTS]);
  requireMessageCount(Array.isArray(value) ? value.length : 0);
  checked(cloudEventBatch, value);
  const events: Buffer[] = [];
  visitSpans(body, ['elements'], (_indices, start, end) => {
    events.push(body.subarray(start, end));
  });
  return events;
}

function united(context: Record<string, string>, attributes: EventRequest['attributes']) {
  for (const name of Object.keys(attributes)) {
    if (Object.hasOwn(context, name)) {
      throw invalidField(`zoogate-attribute-${name}`, `is given as ${name} too; send it once`);
    }
  }
  const all = { ...attributes, ...context };
  if (Object.keys(all).length > ATTRIBUTES_MAX) {
    throw invalidField(
      '',
      `has too many attributes: at most ${ATTRIBUTES_MAX} are accepted, those of the event included`,
    );
  }
  return all;
}
