/**
 * Writes messages as JSON text, with the stored text of a JSON body spliced in as it is. Parsing and serialising it
 * would change digits, keys and order, and fail on deep nesting.
 */
import type {
  DeadLetter,
  Outcome,
  PeekedMessage,
  ReceivedMessage,
  ReceiveResult,
  StoredMessage,
} from '../queue/index.ts';
import { instantText } from './instants.ts';

/** The answer to a receive. */
export function receivedListText(result: ReceiveResult): string {
  const instants = new InstantTexts();
  const messages = result.messages.map((message) => receivedText(message, instants)).join(',');
  const acked = result.acked === undefined ? '' : `,"acked":${JSON.stringify(result.acked.map(outcomeJson))}`;
  return `{"messages":[${messages}]${acked}}`;
}

/** The answer to a peek. */
export function peekedListText(messages: readonly PeekedMessage[], nextCursor: string | undefined): string {
  const cursor = nextCursor === undefined ? '' : `,"nextCursor":${JSON.stringify(nextCursor)}`;
  return `{"messages":[${messages.map(peekedText).join(',')}]${cursor}}`;
}

/** A message as a stream shows it: without a lease, and so without a receipt. */
export function storedText(message: StoredMessage): string {
  return `{${storedMembers(message)}}`;
}

/** An outcome and nothing else. */
export function outcomeJson({ receipt, outcome }: Outcome): Outcome {
  return { receipt, outcome };
}

function receivedText(message: ReceivedMessage, instants: InstantTexts): string {
  return `{${storedMembers(message, instants)},"receipt":${JSON.stringify(message.receipt)},"deliveries":${message.deliveries},"leaseExpiresAt":"${instants.of(message.leaseExpiresAtMs)}","fencingToken":"${message.fencingToken}"}`;
}

function peekedText(message: PeekedMessage): string {
  const { leaseExpiresAtMs, fencingToken } = message;
  const lease = leaseExpiresAtMs === undefined ? '' : `,"leaseExpiresAt":"${instantText(leaseExpiresAtMs)}"`;
  const fence = fencingToken === undefined ? '' : `,"fencingToken":"${fencingToken}"`;
  return `{${storedMembers(message)},"state":"${message.state}","deliveries":${message.deliveries}${lease}${fence}}`;
}

function storedMembers(message: StoredMessage, instants = new InstantTexts()): string {
  const group = message.group === undefined ? '' : `,"group":${JSON.stringify(message.group)}`;
  const dead = message.deadLetter === undefined ? '' : `,"deadLetter":${deadLetterText(message.deadLetter)}`;
  return `"id":${JSON.stringify(message.id)},${bodyMember(message)},"contentType":${JSON.stringify(message.contentType)},"attributes":${JSON.stringify(message.attributes)},"priority":${message.priority}${group},"publishedAt":"${instants.of(message.publishedAtMs)}"${dead}`;
}

/** The instants of one answer: messages that were stored together, or leased together, have the same. */
class InstantTexts {
  readonly #texts = new Map<number, string>();

  of(ms: number): string {
    let text = this.#texts.get(ms);
    if (text === undefined) {
      text = instantText(ms);
      this.#texts.set(ms, text);
    }
    return text;
  }
}

function bodyMember({ body, bodyKind }: StoredMessage): string {
  switch (bodyKind) {
    case 'json':
      return `"body":${body.toString()}`;
    case 'text':
      return `"body":${JSON.stringify(body.toString())}`;
    case 'bytes':
      return `"bodyBase64":"${body.toString('base64')}"`;
  }
}

function deadLetterText({ source, reason, detail, deliveries, atMs }: DeadLetter): string {
  return JSON.stringify({
    source:
      source.kind === 'queue'
        ? { queue: source.name }
        : { topic: source.name, subscription: source.subscription },
    reason,
    ...(detail === undefined ? {} : { detail }),
    deliveries,
    at: instantText(atMs),
  });
}
