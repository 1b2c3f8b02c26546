/**
 * Turns what publishers send, as JSON or as bytes, alone or in a transaction, into the broker's messages. Pure.
 *
 * Guarantees: a JSON body's bytes are those of the request; sizes are within the limits.
 */
import type { BodyKind, NewMessage } from '../../queue/index.ts';
import type { PublishLimits } from '../http/context.ts';
import { instantMs } from '../http/instants.ts';
import { type Step, visitSpans } from '../http/json-bodies.ts';
import { bodyKindOf, isText } from '../http/media-types.ts';
import { Problem } from '../http/problems.ts';
import { type MessageInput, type MessageOptions, withPlusRestored } from './schemas/messages.ts';

/** The sum of the sizes of all messages of one request. */
export const REQUEST_MESSAGE_BYTES_MAX = 900 * 1024;
export const REQUEST_MESSAGES_MAX = 1000;

/** Where messages lie in a publish request, and where in a transaction. */
export const PUBLISH_MESSAGES: readonly Step[] = [{ member: 'messages' }, 'elements'];
export const TRANSACTION_MESSAGES: readonly Step[] = [
  { member: 'publishes' },
  'elements',
  ...PUBLISH_MESSAGES,
];
/** The same for their bodies. */
export const PUBLISH_BODIES: readonly Step[] = [...PUBLISH_MESSAGES, { member: 'body' }];
export const TRANSACTION_BODIES: readonly Step[] = [...TRANSACTION_MESSAGES, { member: 'body' }];

/** The messages of a checked publish request; `json` is its text, for the bodies. */
export function messagesOfJson(json: Buffer, inputs: readonly MessageInput[]): NewMessage[] {
  const bodies: Buffer[] = [];
  visitSpans(json, PUBLISH_BODIES, ([index = 0], start, end) => {
    bodies[index] = json.subarray(start, end);
  });
  return inputs.map((input, index) => messageOfInput(input, bodies[index]));
}

/** The messages of each publish of a checked transaction; `json` is its text, for the bodies. */
export function publishesOfJson(
  json: Buffer,
  publishes: readonly (readonly MessageInput[])[],
): NewMessage[][] {
  const bodies = new Map<number, Buffer[]>();
  visitSpans(json, TRANSACTION_BODIES, ([publish = 0, index = 0], start, end) => {
    const ofPublish = bodies.get(publish) ?? [];
    ofPublish[index] = json.subarray(start, end);
    bodies.set(publish, ofPublish);
  });
  return publishes.map((inputs, publish) =>
    inputs.map((input, index) => messageOfInput(input, bodies.get(publish)?.[index])),
  );
}

/** One checked message, with the bytes of its `body` if it has one. */
function messageOfInput(input: MessageInput, jsonText: Buffer | undefined): NewMessage {
  const attributes = input.attributes ?? {};
  if (input.bodyBase64 !== undefined) {
    const body = Buffer.from(input.bodyBase64, 'base64');
    const contentType = input.contentType ?? 'application/octet-stream';
    return newMessage(body, bodyKindOf(contentType, body), contentType, attributes, input);
  }
  const contentType = input.contentType ?? 'application/json';
  if (isText(contentType) && typeof input.body === 'string') {
    return newMessage(Buffer.from(input.body), 'text', contentType, attributes, input);
  }
  if (jsonText === undefined) {
    throw new Error('the body of a message was parsed but not found in its text');
  }
  return newMessage(jsonText, 'json', contentType, attributes, input);
}

/** The one message of a request that is not JSON. */
export function messageOfBytes(
  body: Buffer,
  contentType: string,
  attributes: Readonly<Record<string, string>>,
  options: MessageOptions,
): NewMessage {
  const deliverAt = options.deliverAt === undefined ? undefined : withPlusRestored(options.deliverAt);
  const given = deliverAt === undefined ? options : { ...options, deliverAt };
  return newMessage(body, bodyKindOf(contentType, body), contentType, attributes, given);
}

/** Put together field by field: spreading objects took more time than all else in a publish of a hundred messages. */
function newMessage(
  body: Buffer,
  bodyKind: BodyKind,
  contentType: string,
  attributes: Readonly<Record<string, string>>,
  options: MessageOptions,
): NewMessage {
  const { priority = 0, group, dedupId, delaySeconds, deliverAt, expiresInSeconds } = options;
  const message: { -readonly [Field in keyof NewMessage]: NewMessage[Field] } = {
    body,
    bodyKind,
    contentType,
    attributes,
    priority,
  };
  if (group !== undefined) message.group = group;
  if (dedupId !== undefined) message.dedupId = dedupId;
  if (delaySeconds !== undefined) message.delaySeconds = delaySeconds;
  const deliverAtMs = deliverAt === undefined ? undefined : instantMs(deliverAt);
  if (deliverAtMs !== undefined) message.deliverAtMs = deliverAtMs;
  if (expiresInSeconds !== undefined) message.expiresInSeconds = expiresInSeconds;
  return message;
}

/** The size that counts towards the limits: the body's bytes, and the attributes' names and values. */
export function messageBytes(message: NewMessage): number {
  let bytes = message.body.length;
  for (const [name, value] of Object.entries(message.attributes)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  return bytes;
}

/**
 * How many messages a value has that may or may not be a publish request. Asked before the value is checked: too many
 * are too large (413), and not merely a mistake (400).
 */
export function messageCount(value: unknown): number {
  return typeof value === 'object' && value !== null && 'messages' in value && Array.isArray(value.messages)
    ? value.messages.length
    : 0;
}

/** Refuses more messages than one request may publish. */
export function requireMessageCount(messages: number): void {
  if (messages > REQUEST_MESSAGES_MAX) throw tooManyMessages();
}

export function tooManyMessages(): Problem {
  return new Problem(
    'payload-too-large',
    `One request may publish ${REQUEST_MESSAGES_MAX} messages at most.`,
  );
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
