/**
 * The vocabulary of the broker's face: what routes pass in and get back. Plain data, no HTTP and no ZooKeeper.
 * The terms are those of the API's glossary.
 */
import type { CallSignal } from './call-signal.ts';
import type { ResourceKind } from './options.ts';

export type {
  DeliveryConfig,
  Ordering,
  QueueConfig,
  ResourceConfigs,
  ResourceKind,
  StorageConfig,
  SubscriptionConfig,
  TopicConfig,
} from './options.ts';

/** A queue, or a topic: something to publish to. Both live in one namespace. */
export interface TopicRef {
  readonly kind: 'queue' | 'topic';
  readonly name: string;
}

/** Something to receive from: a queue (with its one built-in subscription), or a topic's subscription. */
export type SubscriptionRef =
  | { readonly kind: 'queue'; readonly name: string }
  | { readonly kind: 'topic'; readonly name: string; readonly subscription: string };

export interface Stats {
  /** ready + leased + delayed. */
  readonly messages: number;
  readonly ready: number;
  readonly leased: number;
  readonly delayed: number;
  readonly bytes: number;
  readonly oldestMessageAgeSeconds: number | null;
}

/** What can be created, configured and deleted, by its kind; a subscription is of a topic. */
export type ResourceRef<Kind extends ResourceKind = ResourceKind> = Kind extends 'subscription'
  ? { readonly kind: Kind; readonly topic: string; readonly name: string }
  : { readonly kind: Kind; readonly name: string };

/** A queue, topic or subscription as it stands. */
export interface Resource<Config> {
  readonly name: string;
  readonly config: Config;
  readonly stats: Stats;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Opaque revision of the configuration, without quotes; changes with every change of it. */
  readonly etag: string;
}

/** Conditions of a change, from If-Match and If-None-Match. Failing one is `precondition-failed`. */
export interface Precondition {
  readonly ifMatch?: '*' | readonly string[];
  /** If-None-Match: * (only create). */
  readonly ifAbsent?: boolean;
}

/** A page of a list. */
export interface ListPage<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string;
}

export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string;
}

export interface ListRequest extends PageRequest {
  readonly prefix?: string;
  /** The topic whose subscriptions are listed. */
  readonly topic?: string;
  /** Those that are not are left out before pages are made. */
  readonly isShown?: (name: string) => boolean;
}

/** How a body came in, and so how it goes out: as JSON text, as text, or as bytes. */
export type BodyKind = 'json' | 'text' | 'bytes';

export interface NewMessage {
  /** The bytes as stored: JSON text exactly as sent, UTF-8 text, or bytes. */
  readonly body: Buffer;
  readonly bodyKind: BodyKind;
  readonly contentType: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly priority: number;
  readonly group?: string;
  readonly dedupId?: string;
  /** At most one of the two; absent means the default of the queue or topic. */
  readonly delaySeconds?: number;
  readonly deliverAtMs?: number;
  readonly expiresInSeconds?: number;
}

export interface PublishedMessage {
  readonly id: string;
  readonly duplicate?: true;
}

export interface DeadLetter {
  readonly source: SubscriptionRef;
  readonly reason: 'max-deliveries' | 'rejected';
  readonly detail?: string;
  readonly deliveries: number;
  readonly atMs: number;
}

export interface StoredMessage {
  readonly id: string;
  readonly body: Buffer;
  readonly bodyKind: BodyKind;
  readonly contentType: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly priority: number;
  readonly group?: string;
  readonly publishedAtMs: number;
  readonly deadLetter?: DeadLetter;
}

export interface ReceivedMessage extends StoredMessage {
  readonly receipt: string;
  /** 1 on the first delivery. */
  readonly deliveries: number;
  readonly leaseExpiresAtMs: number;
  readonly fencingToken: string;
}

export type MessageState = 'ready' | 'leased' | 'delayed';

export interface PeekedMessage extends StoredMessage {
  readonly state: MessageState;
  /** Deliveries so far; 0 when it was never received. */
  readonly deliveries: number;
  /** End of the current lease, when leased. */
  readonly leaseExpiresAtMs?: number;
}

export interface ReceiveRequest {
  readonly max: number;
  readonly waitSeconds: number;
  /** Absent means the default of the queue or subscription. */
  readonly leaseSeconds?: number;
  readonly autoAck: boolean;
  readonly attemptId?: string;
  /** Receipts to ack in the same write. */
  readonly ack?: readonly string[];
  /** Whether its sender can be given the message. One that it can't is not taken, nor what comes after it. Pure. */
  readonly isDeliverable?: (message: Pick<StoredMessage, 'attributes'>) => boolean;
}

export interface Outcome {
  readonly receipt: string;
  readonly outcome: 'ok' | 'lost' | 'invalid';
}

export interface ReceiveResult {
  readonly messages: readonly ReceivedMessage[];
  /** There was a message next, and it was not taken: the request's `isDeliverable` said no. */
  readonly isWithheld?: true;
  /** Present when the request had receipts to ack, in their order. */
  readonly acked?: readonly Outcome[];
}

export type SettleAction =
  | { readonly kind: 'ack' }
  | { readonly kind: 'nack'; readonly delaySeconds: number }
  | { readonly kind: 'extend'; readonly leaseSeconds: number }
  | { readonly kind: 'reject'; readonly reason?: string };

export interface RedriveRequest {
  /** A queue or topic; absent means back to where each message came from. */
  readonly to?: string;
  readonly max?: number;
}

/** Where a seek goes to. */
export type SeekTarget =
  | { readonly kind: 'earliest' }
  | { readonly kind: 'latest' }
  | { readonly kind: 'instant'; readonly atMs: number };

/**
 * What a topic's stream brings: its messages in order, each with the id to resume after it. A gap comes where messages
 * were gone before the stream had come to them.
 */
export type StreamEvent =
  | { readonly kind: 'gap' }
  | { readonly kind: 'message'; readonly eventId: string; readonly message: StoredMessage };

/** Room in memory for what a stream reads next: so who has slow clients bounds what is read for them. */
export interface StreamRoom {
  /** Awaited before anything is read for the next batch. */
  enter(): Promise<void>;
  /** There was nothing to read after all. With a batch, it is left by who was given that. */
  leave(): void;
}

export interface TransactionRequest {
  readonly transactionId?: string;
  readonly acks: readonly { readonly source: SubscriptionRef; readonly receipts: readonly string[] }[];
  readonly publishes: readonly { readonly target: TopicRef; readonly messages: readonly NewMessage[] }[];
}

export interface TransactionResult {
  readonly publishes: readonly { readonly messages: readonly PublishedMessage[] }[];
  readonly duplicate?: true;
}

/** The place of a client's request in a trace, as W3C Trace Context spells it: valid, and opaque here. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** Every verb takes the signal of its request: aborted when the client has gone away. */
export interface Call {
  readonly signal: CallSignal;
  /** For those who trace; the broker does not look at it. */
  readonly traceContext?: TraceContext | undefined;
}
