/**
 * What the small nodes of the tree hold, as JSON: the name, the incarnation behind it, and its subscriptions. Pure.
 */
import type { QueueConfig, SubscriptionConfig, TopicConfig } from '../broker-types.ts';
import type { LogPosition } from './position.ts';

/** At /topics/<name>: which incarnation the name stands for. Never changes while it exists. */
export interface NameRecord {
  readonly kind: 'queue' | 'topic';
  readonly id: string;
}

/** At /data/<id>: the configuration of an incarnation. Its version is checked by every write to the incarnation. */
export interface TopicRecord {
  readonly name: string;
  /** Set by deletion, so that writes that checked an older version fail. */
  readonly deleted?: true;
  readonly config: QueueConfig | TopicConfig;
}

/** At /data/<id>/subscriptions/<name>. Its version is checked by every write to the subscription's pages. */
export interface SubscriptionRecord {
  /** Counts purges and seeks; receipts of an older one are lost. */
  readonly generation: number;
  /** Where this generation starts, by level; levels beyond the list start at the beginning of their log. */
  readonly start: readonly LogPosition[];
  /** A queue's is in its TopicRecord. */
  readonly config?: SubscriptionConfig;
  /** Counts changes of the configuration alone, for its ETag. */
  readonly revision: number;
}

export function encodeRecord(record: NameRecord | TopicRecord | SubscriptionRecord): Buffer {
  return Buffer.from(JSON.stringify(record));
}

export function decodeRecord<Kind extends NameRecord | TopicRecord | SubscriptionRecord>(data: Buffer): Kind {
  return JSON.parse(data.toString()) as Kind;
}
