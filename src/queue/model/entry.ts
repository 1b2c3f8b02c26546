/**
 * Entries: the packed batches of messages that a log consists of. Pure.
 *
 * An entry is MessagePack: [format, publishedAtMs, [message, …]], each message an array of its fields in a fixed
 * order with what is absent at the end left out. No shared record structures (`useRecords: false`): any gateway must
 * be able to read what another wrote. Unknown formats are refused rather than guessed.
 */
import { Packr } from 'msgpackr';
import type { BodyKind, DeadLetter, NewMessage } from './vocabulary.ts';

/** A message as an entry holds it. Its id is that of the entry's token and its index, unless it came from elsewhere. */
export interface EntryMessage {
  readonly id: string;
  readonly body: Buffer;
  readonly bodyKind: BodyKind;
  readonly contentType: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly priority: number;
  readonly group?: string;
  readonly publishedAtMs: number;
  /** After this the message is dropped unless acked; absent means never. */
  readonly expiresAtMs?: number;
  readonly deadLetter?: DeadLetter;
  /** The one subscription that the message was redriven to; the others pass over it. */
  readonly onlyFor?: string;
  /** The change of the schedule by which it came to wait for its time. */
  readonly scheduledBy?: number;
}

/** What differs from the entry's own: a message that was moved keeps its id and the time of its publishing. */
export interface Moved {
  readonly id: string;
  readonly publishedAtMs: number;
  readonly deadLetter?: DeadLetter;
  readonly onlyFor?: string;
  readonly scheduledBy?: number;
}

export interface Entry {
  readonly messages: readonly EntryMessage[];
}

const FORMAT = 1;
const BODY_KINDS: readonly BodyKind[] = ['json', 'text', 'bytes'];

type PackedMessage = [
  body: Buffer,
  bodyKind: number,
  contentType: string,
  /** In pairs: an object would lose the attribute called __proto__ in unpacking. */
  attributes: [name: string, value: string][] | null,
  priority: number,
  group: string | null,
  expiresAtMs: number | null,
  moved: Moved | null,
];
type PackedEntry = [format: number, publishedAtMs: number, messages: PackedMessage[]];

/** Creates the pair of functions that pack and unpack entries (the packer keeps a reusable buffer). */
export function createEntryCodec() {
  const packr = new Packr({ useRecords: false, mapsAsObjects: true });
  return {
    /** @param publishedAtMs time by the ensemble's clock for those messages that have none of their own */
    encode(messages: readonly PackableMessage[], publishedAtMs: number): Buffer {
      const packed: PackedEntry = [FORMAT, publishedAtMs, messages.map(pack)];
      return packr.pack(packed);
    },
    /** What decoding the packed messages would bring. */
    entryOf(messages: readonly PackableMessage[], token: string, publishedAtMs: number): Entry {
      return {
        messages: messages.map((message, index) => stored(message, messageId(token, index), publishedAtMs)),
      };
    },
    decode(data: Buffer, token: string): Entry {
      const [format, publishedAtMs, messages] = packr.unpack(data) as PackedEntry;
      if (format !== FORMAT) throw new Error(`entry of unknown format ${format}`);
      return {
        messages: messages.map((message, index) => unpack(message, messageId(token, index), publishedAtMs)),
      };
    },
  };
}

export type EntryCodec = ReturnType<typeof createEntryCodec>;

/** What can be packed: a new message, or one that is moved and keeps what it had. */
export interface PackableMessage
  extends Omit<NewMessage, 'delaySeconds' | 'deliverAtMs' | 'dedupId' | 'expiresInSeconds'> {
  readonly expiresAtMs?: number;
  readonly moved?: Moved;
}

/** What `Moved` adds to a message, but for the detail of a rejection. */
export const MOVED_BYTES_MAX = 1_024;

/** Most bytes that a message takes in an entry; at most some tens more than it will. */
export function packedBytes(
  message: Pick<PackableMessage, 'body' | 'contentType' | 'attributes' | 'group' | 'moved'>,
): number {
  let bytes = PACKED_FRAME_BYTES_MAX + message.body.length + Buffer.byteLength(message.contentType);
  for (const [name, value] of Object.entries(message.attributes))
    bytes += PACKED_PAIR_BYTES_MAX + Buffer.byteLength(name) + Buffer.byteLength(value);
  if (message.group !== undefined) bytes += Buffer.byteLength(message.group);
  // Shorter than JSON, but for the heads of its parts.
  if (message.moved !== undefined)
    bytes += MOVED_FRAME_BYTES_MAX + Buffer.byteLength(JSON.stringify(message.moved));
  return bytes;
}

/** Heads of the message, its body, texts and numbers. */
const PACKED_FRAME_BYTES_MAX = 1 + 5 + 1 + 5 + 3 + 1 + 5 + 9 + 1;
const PACKED_PAIR_BYTES_MAX = 1 + 3 + 5;
const MOVED_FRAME_BYTES_MAX = 48;

/** Known before the commit, since the token is chosen by the writer. */
export function messageId(token: string, index: number): string {
  return `${token}-${index}`;
}

function pack(message: PackableMessage): PackedMessage {
  const attributes = Object.entries(message.attributes);
  return [
    message.body,
    BODY_KINDS.indexOf(message.bodyKind),
    message.contentType,
    attributes.length === 0 ? null : attributes,
    message.priority,
    message.group ?? null,
    message.expiresAtMs ?? null,
    message.moved ?? null,
  ];
}

function stored(message: PackableMessage, id: string, publishedAtMs: number): EntryMessage {
  const { body, bodyKind, contentType, attributes, priority, group, expiresAtMs, moved } = message;
  return {
    id: moved?.id ?? id,
    body,
    bodyKind,
    contentType,
    attributes,
    priority,
    publishedAtMs: moved?.publishedAtMs ?? publishedAtMs,
    ...(group === undefined ? undefined : { group }),
    ...(expiresAtMs === undefined ? undefined : { expiresAtMs }),
    ...(moved === undefined ? undefined : movedFields(moved)),
  };
}

function movedFields({ deadLetter, onlyFor, scheduledBy }: Moved) {
  return {
    ...(deadLetter === undefined ? undefined : { deadLetter }),
    ...(onlyFor === undefined ? undefined : { onlyFor }),
    ...(scheduledBy === undefined ? undefined : { scheduledBy }),
  };
}

function unpack(packed: PackedMessage, id: string, publishedAtMs: number): EntryMessage {
  const [body, bodyKind, contentType, attributes, priority, group, expiresAtMs, moved] = packed;
  return {
    id: moved?.id ?? id,
    body,
    bodyKind: BODY_KINDS[bodyKind] as BodyKind,
    contentType,
    attributes: Object.fromEntries(attributes ?? []),
    priority,
    ...(group === null ? undefined : { group }),
    publishedAtMs: moved?.publishedAtMs ?? publishedAtMs,
    ...(expiresAtMs === null ? undefined : { expiresAtMs }),
    ...(moved === null ? undefined : movedFields(moved)),
  };
}
