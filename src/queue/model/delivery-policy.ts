/** What the configuration says about which messages a subscription delivers, and how often. Pure. */

import type { EntryMessage } from './entry.ts';
import { type Filter, passes } from './filter.ts';
import type { DeliveryConfig, Ordering, StorageConfig } from './options.ts';
import type { SubscriptionRecord } from './records.ts';

export interface DeliveryPolicy {
  /** The subscription's name: a message that was redriven to one subscription is for it alone. */
  readonly subscription: string;
  readonly ordering: Ordering;
  readonly maxDeliveries: number | undefined;
  readonly messageTtlMs: number | undefined;
  readonly filter: Filter | undefined;
  /** Messages that were scheduled up to this change of the schedule were purged while they waited. */
  readonly purgedSchedule: number;
}

/** What the configurations of a queue, or of a topic and a subscription of it, come to. */
export function policyOf(
  subscription: string,
  { config, purgedSchedule = 0 }: SubscriptionRecord,
  { ordering, maxDeliveries }: DeliveryConfig,
  { messageTtlSeconds }: StorageConfig,
): DeliveryPolicy {
  return {
    subscription,
    ordering,
    maxDeliveries,
    messageTtlMs: messageTtlSeconds === undefined ? undefined : messageTtlSeconds * 1000,
    filter: config?.filter,
    purgedSchedule,
  };
}

/** The time after which a message is dropped, by its own limit or the topic's; undefined means never. */
export function expiryMs(message: EntryMessage, messageTtlMs: number | undefined): number | undefined {
  // A dead letter's time counts from its arrival; its own limit was for its life in the source.
  if (messageTtlMs === undefined) return message.expiresAtMs;
  const byTtl = (message.deadLetter?.atMs ?? message.publishedAtMs) + messageTtlMs;
  return message.expiresAtMs === undefined ? byTtl : Math.min(byTtl, message.expiresAtMs);
}

export function isMessageExpired(
  message: EntryMessage,
  policy: Pick<DeliveryPolicy, 'messageTtlMs'>,
  nowMs: number,
): boolean {
  return (expiryMs(message, policy.messageTtlMs) ?? Number.POSITIVE_INFINITY) <= nowMs;
}

/** Whether the subscription gets the message at all. */
export function isWanted(
  message: EntryMessage,
  policy: Pick<DeliveryPolicy, 'filter' | 'subscription' | 'purgedSchedule'>,
): boolean {
  if (wasPurgedWaiting(message, policy.purgedSchedule)) return false;
  if (message.onlyFor !== undefined && message.onlyFor !== policy.subscription) return false;
  return policy.filter === undefined || passes(message.attributes, policy.filter);
}

/**
 * An earlier version left the mark of the schedule on messages that it moved to dead letters or back to a subscription.
 * There it tells of another schedule, or of a time before the move: nothing that was purged here.
 */
function wasPurgedWaiting(message: EntryMessage, purgedSchedule: number): boolean {
  const { scheduledBy, deadLetter, onlyFor } = message;
  const wasMovedHere = deadLetter !== undefined || onlyFor !== undefined;
  return scheduledBy !== undefined && scheduledBy <= purgedSchedule && !wasMovedHere;
}
