/**
 * Writes messages as JSON text, with the stored text of a JSON body spliced in as it is. Parsing and serialising it
 * would change digits, keys and order, and fail on deep nesting.
 */
import { isUtf8 } from 'node:buffer';
import type {
  DeadLetter,
  Outcome,
  PeekedMessage,
  ReceivedMessage,
  ReceiveResult,
  StoredMessage,
} from '../../queue/index.ts';
import { instantText } from '../http/instants.ts';
import { TextBytes } from '../http/text-bytes.ts';

/** What a message takes in an answer beside its body, as a rule. */
const MEMBERS_BYTES = 340;

/** The answer to a receive. */
export function receivedListBytes({ messages, acked }: ReceiveResult): Buffer {
  const shared = new SharedTexts();
  const expected = messages.reduce((sum, { body }) => sum + body.length + MEMBERS_BYTES, MEMBERS_BYTES);
  const answer = new TextBytes(expected);
  answer.addText('{"messages":[');
  let before = '';
  for (const message of messages) {
    if (message.bodyKind === 'json') {
      answer.addText(`${before}{${idMember(message)},"body":`);
      answer.addBytes(message.body);
      answer.addText(`,${membersAfterBody(message, shared)}${leaseMembers(message, shared)}}`);
    } else {
      answer.addText(`${before}{${storedMembers(message, shared)}${leaseMembers(message, shared)}}`);
    }
    before = ',';
  }
  answer.addText(acked === undefined ? ']}' : `],"acked":${JSON.stringify(acked.map(outcomeJson))}}`);
  return answer.bytes;
}

/** The answer to a peek. */
export function peekedListText(messages: readonly PeekedMessage[], nextCursor: string | undefined): string {
  const cursor = nextCursor === undefined ? '' : `,"nextCursor":${JSON.stringify(nextCursor)}`;
  return `{"messages":[${messages.map(peekedText).join(',')}]${cursor}}`;
}

/** As they were asked for: bytes that are UTF-8 become text. The content type stays what it was. */
export function withTextBodies<Message extends StoredMessage>(messages: readonly Message[]): Message[] {
  return messages.map((message) =>
    message.bodyKind === 'bytes' && isUtf8(message.body) ? { ...message, bodyKind: 'text' } : message,
  );
}

/** A message as a stream shows it: without a lease, and so without a receipt. */
export function storedText(message: StoredMessage): string {
  return `{${storedMembers(message)}}`;
}

/** An outcome and nothing else. */
export function outcomeJson({ receipt, outcome }: Outcome): Outcome {
  return { receipt, outcome };
}

function leaseMembers(message: ReceivedMessage, shared: SharedTexts): string {
  return `,"receipt":"${message.receipt}","deliveries":${message.deliveries},"leaseExpiresAt":"${shared.instant(message.leaseExpiresAtMs)}","fencingToken":"${message.fencingToken}"`;
}

function peekedText(message: PeekedMessage): string {
  const { leaseExpiresAtMs } = message;
  const lease = leaseExpiresAtMs === undefined ? '' : `,"leaseExpiresAt":"${instantText(leaseExpiresAtMs)}"`;
  return `{${storedMembers(message)},"state":"${message.state}","deliveries":${message.deliveries}${lease}}`;
}

function storedMembers(message: StoredMessage, shared = new SharedTexts()): string {
  return `${idMember(message)},${bodyMember(message)},${membersAfterBody(message, shared)}`;
}

/** Ids and receipts are the engine's own: letters, digits, hyphens and underscores, with nothing to escape. */
function idMember({ id }: StoredMessage): string {
  return `"id":"${id}"`;
}

function membersAfterBody(message: StoredMessage, shared: SharedTexts): string {
  const group = message.group === undefined ? '' : `,"group":${JSON.stringify(message.group)}`;
  const dead = message.deadLetter === undefined ? '' : `,"deadLetter":${deadLetterText(message.deadLetter)}`;
  return `"contentType":${shared.string(message.contentType)},"attributes":${attributesText(message)},"priority":${message.priority}${group},"publishedAt":"${shared.instant(message.publishedAtMs)}"${dead}`;
}

/** What messages of one answer have in common: when they were stored, or leased, together, and their content type. */
class SharedTexts {
  readonly #instants = new Map<number, string>();
  readonly #strings = new Map<string, string>();

  instant(ms: number): string {
    let text = this.#instants.get(ms);
    if (text === undefined) {
      text = instantText(ms);
      this.#instants.set(ms, text);
    }
    return text;
  }

  /** In JSON's quotes. */
  string(value: string): string {
    let text = this.#strings.get(value);
    if (text === undefined) {
      text = JSON.stringify(value);
      this.#strings.set(value, text);
    }
    return text;
  }
}

function attributesText({ attributes }: StoredMessage): string {
  for (const _ in attributes) return JSON.stringify(attributes);
  return '{}';
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
