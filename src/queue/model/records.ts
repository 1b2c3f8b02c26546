/**
 * What the small nodes of the tree hold, as JSON: the name, the incarnation behind it, and its subscriptions. Pure.
 */

import type { LogPosition } from './position.ts';
import type { QueueConfig, SubscriptionConfig, TopicConfig } from './vocabulary.ts';

/** At /topics/<name>: which incarnation the name stands for. Never changes while it exists. */
export interface NameRecord {
  readonly kind: 'queue' | 'topic';
  readonly id: string;
}

/** At /data/<id>: the configuration of an incarnation. Its version is checked by every write to the incarnation. */
export interface TopicRecord {
  readonly name: string;
  readonly kind: 'queue' | 'topic';
  /** Set by deletion, so that writes that checked an older version fail. */
  readonly deleted?: true;
  readonly config: QueueConfig | TopicConfig;
}

/** At /data/<id>/subscriptions/<name>. Its version is checked by every write to the subscription's pages. */
export interface SubscriptionRecord {
  /** Begins at random and counts purges and seeks; receipts of another one are lost. */
  readonly generation: number;
  /** Tells a subscription from an earlier one of its name: part of what its receipts are checked against. */
  readonly token: string;
  /** Where this generation starts, by level; levels beyond the list start at the beginning of their log. */
  readonly start: readonly LogPosition[];
  /** What a purge found waiting in a topic's schedule is not for this subscription; see DeliveryPolicy. */
  readonly purgedSchedule?: number;
  /** A queue's is in its TopicRecord. */
  readonly config?: SubscriptionConfig;
  /** Opaque, and another one with each change of the configuration alone: for the ETag. */
  readonly revision: string;
  /** Times of creation and of the last change of the configuration. */
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/**
 * The version of a cursor's node while it is its subscription's: ending it sets the node. A subscription that is made
 * anew has the versions of the one before, so its own node would not tell them apart; a cursor's path is never used
 * again. (A queue's one subscription is never made anew.)
 */
export const LIVE_CURSOR_VERSION = 1;

export function encodeRecord(record: NameRecord | TopicRecord | SubscriptionRecord): Buffer {
  return Buffer.from(JSON.stringify(record));
}

export function decodeRecord<Kind extends NameRecord | TopicRecord | SubscriptionRecord>(data: Buffer): Kind {
  return JSON.parse(data.toString()) as Kind;
}
