/**
 * What the small nodes of the tree hold, as JSON: the name, the incarnation behind it, and its subscriptions. Pure.
 */

import { readConfig } from './config.ts';
import type { QueueConfig, SubscriptionConfig, TopicConfig } from './options.ts';
import type { LogPosition } from './position.ts';

/**
 * Options that a later version has stored. This one has no use for them, shows them to nobody, and keeps them when it
 * changes others. Stored among the options of `config`.
 */
type UnknownOptions = Readonly<Record<string, unknown>>;

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
  readonly unknownOptions?: UnknownOptions;
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
  readonly unknownOptions?: UnknownOptions;
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

/**
 * The record as it is stored, with what a later version had put into it: fields that this version does not know stay
 * where the record is copied, and options of its configuration are put back.
 */
export function encodeRecord(record: NameRecord | TopicRecord | SubscriptionRecord): Buffer {
  if (!('unknownOptions' in record)) return Buffer.from(JSON.stringify(record));
  const { unknownOptions, ...stored } = record;
  return Buffer.from(JSON.stringify({ ...stored, config: { ...stored.config, ...unknownOptions } }));
}

/** A record as it was stored by this version, an earlier or a later one; its configuration has every default. */
export function decodeRecord<Kind extends NameRecord | TopicRecord | SubscriptionRecord>(data: Buffer): Kind {
  const stored = JSON.parse(data.toString()) as Partial<TopicRecord>;
  if (stored.config === undefined) return stored as Kind;
  // A subscription's record does not tell its kind.
  const { config, unknownOptions } = readConfig(stored.kind ?? 'subscription', stored.config);
  const hasUnknown = Object.keys(unknownOptions).length > 0;
  return { ...stored, config, ...(hasUnknown ? { unknownOptions } : {}) } as Kind;
}

/** The record with the configuration that a client has sent as a whole: no option of the one before is kept. */
export function withConfig<Kind extends TopicRecord | SubscriptionRecord>(
  { unknownOptions, ...record }: Kind,
  config: Kind['config'],
): Kind {
  return { ...record, config } as Kind;
}
