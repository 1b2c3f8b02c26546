/**
 * The public face of the broker engine: all that routes may import from it.
 *
 * Every verb either returns, or throws a `BrokerError`; each is bounded by the configured request time. Names and
 * values are expected to be within the grammar and limits of the API (the routes' schemas see to that).
 */
import type {
  Call,
  MessageState,
  NewMessage,
  Outcome,
  Page,
  PageRequest,
  PeekedMessage,
  Precondition,
  PublishedMessage,
  QueueConfig,
  ReceiveRequest,
  ReceiveResult,
  Resource,
  SettleAction,
  SubscriptionRef,
  TopicRef,
} from './broker-types.ts';

export type * from './broker-types.ts';
export { BrokerError, type BrokerErrorCode, type FieldError } from './errors.ts';

export interface Broker {
  /** Connected to the ensemble and not draining. */
  readonly ready: boolean;

  /** Creates the queue, or replaces its configuration. */
  putQueue(
    name: string,
    config: QueueConfig,
    precondition: Precondition,
    call: Call,
  ): Promise<{ created: boolean; queue: Resource<QueueConfig> }>;
  /** Replaces the configuration by `change(current)`, which may throw and may run more than once. */
  updateQueue(
    name: string,
    change: (current: QueueConfig) => QueueConfig,
    precondition: Precondition,
    call: Call,
  ): Promise<Resource<QueueConfig>>;
  getQueue(name: string, call: Call): Promise<Resource<QueueConfig>>;
  /** In the order of their names. */
  listQueues(request: PageRequest & { prefix?: string }, call: Call): Promise<Page<Resource<QueueConfig>>>;
  deleteQueue(name: string, precondition: Precondition, call: Call): Promise<void>;

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
  ): Promise<Page<PeekedMessage>>;
  /** Everything stored before the call is gone. */
  purge(source: SubscriptionRef, call: Call): Promise<void>;

  /** Answers every waiting receive with what it has (nothing) and turns `ready` off. */
  drain(): void;
  /** Ends the session and every timer; bounded in time. */
  close(): Promise<void>;
}
