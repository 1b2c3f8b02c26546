/**
 * The options of queues, topics and subscriptions: what each configures, its range and its default. A new option is a
 * field of one of the interfaces and a row of the table beneath it; the compiler asks for the row, and for a default
 * where the field is never undefined. Requests, answers and the OpenAPI document are made from these rows, and what was
 * stored before there was an option is read with its default.
 */
import type { Filter } from './filter.ts';

/** Longest lease, and longest delay of a nack. */
export const LEASE_SECONDS_MAX = 43_200;
export const DELAY_SECONDS_MAX = 30 * 24 * 3600;
/** Ten years: longer than anyone means, short enough for every computation. */
export const TTL_SECONDS_MAX = 10 * 365 * 24 * 3600;
const BYTES_MAX = 1_000_000_000_000_000;

/** `seconds` may have fractions, `count` is a whole number; both ends of a range are allowed. */
export interface NumberOption {
  readonly kind: 'seconds' | 'count';
  readonly min: number;
  readonly max: number;
}

export interface ChoiceOption<Choice extends string = string> {
  readonly kind: 'choice';
  readonly choices: readonly Choice[];
}

/** `name` is that of a queue. */
export interface TextOption {
  readonly kind: 'name' | 'filter';
}

export type Option = (NumberOption | ChoiceOption | TextOption) & {
  /** For users: it stands in the OpenAPI document. */
  readonly description: string;
  /** Without one, the option is absent unless it is set. */
  readonly default?: unknown;
};

type KindOf<Value> = [Value] extends [number]
  ? NumberOption
  : [Value] extends [Filter]
    ? TextOption
    : string extends Value
      ? TextOption
      : [Value] extends [string]
        ? ChoiceOption<Value>
        : never;

/** A row for each field, with a default for each that is never undefined. */
type Options<Config> = {
  readonly [Field in keyof Config]-?: KindOf<Exclude<Config[Field], undefined>> & {
    readonly description: string;
  } & (undefined extends Config[Field] ? { readonly default?: never } : { readonly default: Config[Field] });
};

export type Ordering = 'none' | 'group' | 'strict';

/** How messages are delivered: of queues and subscriptions. Defaults are filled in; undefined means "no limit". */
export interface DeliveryConfig {
  readonly leaseSeconds: number;
  readonly maxDeliveries?: number | undefined;
  readonly deadLetterQueue?: string | undefined;
  readonly ordering: Ordering;
}

const DELIVERY_OPTIONS: Options<DeliveryConfig> = {
  leaseSeconds: {
    kind: 'seconds',
    min: 0.5,
    max: LEASE_SECONDS_MAX,
    default: 30,
    description: 'For how long a received message is invisible to others, in seconds.',
  },
  maxDeliveries: {
    kind: 'count',
    min: 1,
    max: 1_000_000,
    description: 'How often a message is delivered at most. Absent: without limit.',
  },
  deadLetterQueue: {
    kind: 'name',
    description:
      'An existing queue that takes messages beyond maxDeliveries and rejected ones. Absent: they are dropped. Setting it needs `manage` on that queue and `consume` here.',
  },
  ordering: {
    kind: 'choice',
    choices: ['none', 'group', 'strict'],
    default: 'none',
    description:
      '`none`: best-effort first in, first out. `group`: strict within a group. `strict`: one message in flight at a time, in the order of the log.',
  },
};

/** What a subscription gets of its topic. */
export interface SelectionConfig {
  readonly filter?: Filter | undefined;
  readonly startFrom: 'latest' | 'earliest';
}

const SELECTION_OPTIONS: Options<SelectionConfig> = {
  filter: {
    kind: 'filter',
    description:
      'Attribute → list of accepted values. Only messages whose attributes match all of them are delivered. Absent: all messages. A change concerns messages that are received from then on.',
  },
  startFrom: {
    kind: 'choice',
    choices: ['latest', 'earliest'],
    default: 'latest',
    description:
      'Where a new subscription begins: after everything published before, or with the oldest message that the topic still has. A later change is shown but has no effect; see seek.',
  },
};

/** For how long a topic keeps what has been acked. */
export interface RetentionConfig {
  readonly retentionSeconds?: number | undefined;
  readonly retentionBytes?: number | undefined;
}

const RETENTION_OPTIONS: Options<RetentionConfig> = {
  retentionSeconds: {
    kind: 'seconds',
    min: 0,
    max: TTL_SECONDS_MAX,
    description:
      'Acked messages are kept for replay until they entered the topic longer ago than this, in seconds (a delayed one enters when it is due). With neither this nor retentionBytes a message goes as soon as every subscription has acked it.',
  },
  retentionBytes: {
    kind: 'count',
    min: 0,
    max: BYTES_MAX,
    description: 'Acked messages are kept for replay until the newer ones have more bytes than this.',
  },
};

/** How messages are stored: of queues and topics. */
export interface StorageConfig {
  readonly delaySeconds: number;
  readonly messageTtlSeconds?: number | undefined;
  readonly maxMessages?: number | undefined;
  readonly maxBytes?: number | undefined;
  readonly priorities: number;
  readonly dedupWindowSeconds: number;
}

const STORAGE_OPTIONS: Options<StorageConfig> = {
  delaySeconds: {
    kind: 'seconds',
    min: 0,
    max: DELAY_SECONDS_MAX,
    default: 0,
    description: 'The delay of messages that do not bring their own, in seconds.',
  },
  messageTtlSeconds: {
    kind: 'seconds',
    min: 0.001,
    max: TTL_SECONDS_MAX,
    description: 'Unacked messages older than this are dropped. Absent: never.',
  },
  maxMessages: {
    kind: 'count',
    min: 1,
    max: 1_000_000_000,
    description: 'More messages are refused with 429. Absent: without limit.',
  },
  maxBytes: {
    kind: 'count',
    min: 1,
    max: BYTES_MAX,
    description: 'More bytes of bodies are refused with 429. Absent: without limit.',
  },
  priorities: {
    kind: 'count',
    min: 1,
    max: 10,
    default: 1,
    description: 'How many levels of priority there are.',
  },
  dedupWindowSeconds: {
    kind: 'seconds',
    min: 1,
    max: 86_400,
    default: 300,
    description: 'For how long a dedupId is remembered, in seconds.',
  },
};

export interface QueueConfig extends DeliveryConfig, StorageConfig {}
export interface TopicConfig extends RetentionConfig, StorageConfig {}
export interface SubscriptionConfig extends DeliveryConfig, SelectionConfig {}

export interface ResourceConfigs {
  readonly queue: QueueConfig;
  readonly topic: TopicConfig;
  readonly subscription: SubscriptionConfig;
}

export type ResourceKind = keyof ResourceConfigs;

/** The options of each kind of resource, in the order in which users see them. */
export const OPTIONS_OF: { readonly [Kind in ResourceKind]: Options<ResourceConfigs[Kind]> } = {
  queue: { ...DELIVERY_OPTIONS, ...STORAGE_OPTIONS },
  topic: { ...RETENTION_OPTIONS, ...STORAGE_OPTIONS },
  subscription: { ...DELIVERY_OPTIONS, ...SELECTION_OPTIONS },
};
