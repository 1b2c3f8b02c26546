/**
 * The public face of the broker engine: all that routes may import from it.
 *
 * Every verb either returns, or throws a `BrokerError`; each is bounded by the configured request time. Names and
 * values are expected to be within the grammar and limits of the API (the routes' schemas see to that).
 */
import type {
  Call,
  ListPage,
  ListRequest,
  MessageState,
  NewMessage,
  Outcome,
  PageRequest,
  PeekedMessage,
  Precondition,
  PublishedMessage,
  ReceiveRequest,
  ReceiveResult,
  RedriveRequest,
  Resource,
  ResourceConfigs,
  ResourceKind,
  ResourceRef,
  SeekTarget,
  SettleAction,
  StreamEvent,
  StreamRoom,
  SubscriptionRef,
  TopicRef,
  TransactionRequest,
  TransactionResult,
} from './model/vocabulary.ts';
import type { Telemetry } from './verbs/telemetry.ts';

export { Budget } from './model/budget.ts';
export type { CallSignal } from './model/call-signal.ts';
export { defaultsOf, inconsistencies, optionsOf } from './model/config.ts';
export { Distribution } from './model/distribution.ts';
export { BrokerError, type BrokerErrorCode, type FieldError } from './model/errors.ts';
export { FILTER_VALUE_CHARS_MAX, FILTER_VALUES_MAX, filterErrors } from './model/filter.ts';
export {
  ATTRIBUTE_NAME,
  ATTRIBUTE_NAME_MESSAGE,
  ATTRIBUTES_MAX,
  isStorable,
  NAME_PATTERN,
  NAME_PREFIX,
} from './model/names.ts';
export {
  DELAY_SECONDS_MAX,
  LEASE_SECONDS_MAX,
  OPTIONS_OF,
  type Option,
  TTL_SECONDS_MAX,
} from './model/options.ts';
export type * from './model/vocabulary.ts';
export { type CountedName, Counts, type MessageCounts, OTHER_NAMES } from './runtime/counts.ts';
export type { Telemetry } from './verbs/telemetry.ts';

export interface Broker {
  /** Connected to the ensemble and not draining. */
  readonly ready: boolean;
  /** Without the ensemble for longer than a request may wait for it, or stopped before a tree that it does not know. */
  readonly isCutOff: boolean;
  /** What it tells of itself, for metrics. */
  readonly telemetry: Telemetry;

  /** Creates the queue, topic or subscription, or replaces its configuration. */
  put<Kind extends ResourceKind>(
    ref: ResourceRef<Kind>,
    config: ResourceConfigs[Kind],
    precondition: Precondition,
    call: Call,
  ): Promise<{ created: boolean; resource: Resource<ResourceConfigs[Kind]> }>;
  /** Replaces the configuration by `change(current)`, which may throw and may run more than once. */
  update<Kind extends ResourceKind>(
    ref: ResourceRef<Kind>,
    change: (current: ResourceConfigs[Kind]) => ResourceConfigs[Kind],
    precondition: Precondition,
    call: Call,
  ): Promise<Resource<ResourceConfigs[Kind]>>;
  get<Kind extends ResourceKind>(
    ref: ResourceRef<Kind>,
    call: Call,
  ): Promise<Resource<ResourceConfigs[Kind]>>;
  /** In the order of their names. */
  list<Kind extends ResourceKind>(
    kind: Kind,
    request: ListRequest,
    call: Call,
  ): Promise<ListPage<Resource<ResourceConfigs[Kind]>>>;
  delete(ref: ResourceRef, precondition: Precondition, call: Call): Promise<void>;

  /** Stores all messages in one atomic write, or none. Answers in their order. */
  publish(target: TopicRef, messages: readonly NewMessage[], call: Call): Promise<PublishedMessage[]>;
  /** Leases up to `max` messages, waiting up to `waitSeconds` for the first. */
  receive(source: SubscriptionRef, request: ReceiveRequest, call: Call): Promise<ReceiveResult>;
  /** Gives back, at once and without counting the delivery, what was leased for a client that has gone away. */
  release(source: SubscriptionRef, receipts: readonly string[]): Promise<void>;
  /** One outcome for each receipt, in their order. */
  settle(
    source: SubscriptionRef,
    action: SettleAction,
    receipts: readonly string[],
    call: Call,
  ): Promise<Outcome[]>;
  /** Messages in log order without leasing them; without `state`, in every state. */
  peek(
    source: SubscriptionRef,
    request: PageRequest & { state?: MessageState },
    call: Call,
  ): Promise<ListPage<PeekedMessage>>;
  /** Everything stored before the call is gone. */
  purge(source: SubscriptionRef, call: Call): Promise<void>;

  /** Starts a subscription anew from another place; all older receipts are lost. */
  seek(source: SubscriptionRef, to: SeekTarget, call: Call): Promise<void>;
  /** Moves ready dead letters of a queue on, each atomically. Answers how many. */
  redrive(queue: string, request: RedriveRequest, call: Call): Promise<number>;
  /** What a topic's log holds, oldest first, whatever its subscriptions have done with it. */
  browse(topic: string, request: PageRequest, call: Call): Promise<ListPage<PeekedMessage>>;
  /**
   * Every message of a topic from now on, or after `lastEventId`, until the call's signal aborts. A batch is at most some
   * 64 KiB, or one message; while nobody asks for the next, nothing is held.
   *
   * @param room none when left out: for who takes a batch as soon as it is there
   */
  stream(
    topic: string,
    lastEventId: string | undefined,
    call: Call,
    room?: StreamRoom,
  ): Promise<AsyncIterable<readonly StreamEvent[]>>;
  /** Acks and publishes in one atomic step, or changes nothing. */
  transact(request: TransactionRequest, call: Call): Promise<TransactionResult>;

  /** Answers every waiting receive with what it has (nothing) and turns `ready` off. */
  drain(): void;
  /** Ends the session and every timer; bounded in time. */
  close(): Promise<void>;
}
