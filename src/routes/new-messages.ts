/**
 * Turns the two forms of a publish request, JSON and bytes, into the broker's messages. Pure but for the clock that
 * bounds `deliverAt`.
 *
 * Guarantees: a JSON body's bytes are those of the request; sizes are within the limits.
 */
import type { BodyKind, NewMessage } from '../queue/index.ts';
import { instantMs } from './instants.ts';
import { type Step, visitSpans } from './json-bodies.ts';
import { bodyKindOf, isText } from './media-types.ts';
import { invalidField, Problem } from './problems.ts';
import { type MessageInput, type MessageOptions, withPlusRestored } from './schemas/messages.ts';
import { DELAY_SECONDS_MAX } from './schemas/scalars.ts';

/** What one request may store. */
export interface PublishLimits {
  /** Body and attributes of one message. */
  readonly maxMessageBytes: number;
}

/** The sum of the sizes of all messages of one request. */
export const REQUEST_MESSAGE_BYTES_MAX = 900 * 1024;
export const REQUEST_MESSAGES_MAX = 1000;

/** Where message bodies lie in a publish request. */
export const PUBLISH_BODIES: readonly Step[] = [{ member: 'messages' }, 'elements', { member: 'body' }];

type Options = Pick<
  NewMessage,
  'priority' | 'group' | 'dedupId' | 'delaySeconds' | 'deliverAtMs' | 'expiresInSeconds'
>;

/** The messages of a checked JSON request; `json` is its text, for the bodies. */
export function messagesOfJson(json: Buffer, inputs: readonly MessageInput[], nowMs: number): NewMessage[] {
  const bodies: Buffer[] = [];
  visitSpans(json, PUBLISH_BODIES, ([index], start, end) => {
    if (index !== undefined) {
      bodies[index] = json.subarray(start, end);
    }
  });
  return inputs.map((input, index) => messageOfInput(input, bodies[index], `messages.${index}.`, nowMs));
}

/** One message of a checked JSON request, with the bytes of its `body` if it has one. */
export function messageOfInput(
  input: MessageInput,
  jsonText: Buffer | undefined,
  path: string,
  nowMs: number,
): NewMessage {
  return {
    ...content(input, jsonText),
    attributes: input.attributes ?? {},
    ...optionsOf(input, path, nowMs),
  };
}

/** The one message of a request that is not JSON. */
export function messageOfBytes(
  body: Buffer,
  contentType: string,
  attributes: Readonly<Record<string, string>>,
  options: MessageOptions,
  nowMs: number,
): NewMessage {
  const deliverAt = options.deliverAt === undefined ? undefined : withPlusRestored(options.deliverAt);
  return {
    body,
    bodyKind: bodyKindOf(contentType, body),
    contentType,
    attributes,
    ...optionsOf({ ...options, deliverAt }, '', nowMs),
  };
}

function content(
  input: MessageInput,
  jsonText: Buffer | undefined,
): { body: Buffer; bodyKind: BodyKind; contentType: string } {
  if (input.bodyBase64 !== undefined) {
    const body = Buffer.from(input.bodyBase64, 'base64');
    const contentType = input.contentType ?? 'application/octet-stream';
    return { body, bodyKind: bodyKindOf(contentType, body), contentType };
  }
  const contentType = input.contentType ?? 'application/json';
  if (isText(contentType) && typeof input.body === 'string') {
    return { body: Buffer.from(input.body), bodyKind: 'text', contentType };
  }
  if (jsonText === undefined) {
    throw new Error('the body of a message was parsed but not found in its text');
  }
  return { body: jsonText, bodyKind: 'json', contentType };
}

function optionsOf(input: MessageOptions, path: string, nowMs: number): Options {
  const { priority, group, dedupId, delaySeconds, deliverAt, expiresInSeconds } = input;
  return {
    priority: priority ?? 0,
    ...(group === undefined ? {} : { group }),
    ...(dedupId === undefined ? {} : { dedupId }),
    ...(delaySeconds === undefined ? {} : { delaySeconds }),
    ...(deliverAt === undefined ? {} : { deliverAtMs: dueMs(deliverAt, path, nowMs) }),
    ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }),
  };
}

function dueMs(deliverAt: string, path: string, nowMs: number): number {
  const ms = instantMs(deliverAt);
  if (ms === undefined || ms > nowMs + DELAY_SECONDS_MAX * 1000) {
    throw invalidField(`${path}deliverAt`, 'must be at most 30 days ahead');
  }
  return ms;
}

/** The size that counts towards the limits: the body's bytes, and the attributes' names and values. */
export function messageBytes(message: NewMessage): number {
  let bytes = message.body.length;
  for (const [name, value] of Object.entries(message.attributes)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  return bytes;
}

/** Refuses what is too large for one message or one request. */
export function requireWithinLimits(messages: readonly NewMessage[], limits: PublishLimits): void {
  let totalBytes = 0;
  for (const [index, message] of messages.entries()) {
    const bytes = messageBytes(message);
    if (bytes > limits.maxMessageBytes) {
      throw new Problem(
        'payload-too-large',
        `Message ${index} has ${bytes} bytes of body and attributes; at most ${limits.maxMessageBytes} are accepted.`,
      );
    }
    totalBytes += bytes;
  }
  if (totalBytes > REQUEST_MESSAGE_BYTES_MAX) {
    throw new Problem(
      'payload-too-large',
      `The messages have ${totalBytes} bytes in sum; one request may have ${REQUEST_MESSAGE_BYTES_MAX}.`,
    );
  }
}
