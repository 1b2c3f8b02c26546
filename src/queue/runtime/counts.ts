/**
 * What this gateway has done, as plain numbers that only grow. The engine adds to them where things happen, which costs
 * an addition; whoever shows them reads them whenever it likes.
 *
 * A name costs memory here and at whoever collects the numbers, for ever. So only the first names that something
 * happens to have numbers of their own; all queues that come later share one set, and all topics another.
 */

import { Distribution } from '../model/distribution.ts';
import type {
  Outcome,
  PublishedMessage,
  ReceivedMessage,
  SettleAction,
  SubscriptionRef,
  TopicRef,
} from '../model/vocabulary.ts';

/** What has happened to the messages of a queue, a topic or a subscription. */
export interface MessageCounts {
  /** Stored for a publisher, at once or for later. */
  published: number;
  /** Not stored, because of their dedupId. */
  duplicates: number;
  /** Given out under a lease, or for good. */
  received: number;
  /** Those among them that had been given out before. */
  redelivered: number;
  /** Settlements that were answered `ok`, by what was asked for; `acked` also what was taken for good. */
  acked: number;
  nacked: number;
  extended: number;
  rejected: number;
  /** Settlements that came too late. */
  lost: number;
  /** Dropped because their time was over. */
  expired: number;
  /** Moved to a dead-letter queue. */
  deadLettered: number;
  /** Dropped after their last delivery, or rejected, without a dead-letter queue. */
  dropped: number;
  /** Moved out of this dead-letter queue again. */
  redriven: number;
  /** Writes of the cursor that came to nothing because another gateway was faster. */
  conflicts: number;
}

/** A queue, a topic's subscription, or a topic as such. */
export type CountedName = SubscriptionRef | TopicRef;

export interface NamedCounts {
  readonly name: CountedName;
  readonly counts: MessageCounts;
}

/** Stands for all names that have no numbers of their own; nothing can be called so. */
export const OTHER_NAMES = '_other';

export const COUNTED_NAMES_MAX_DEFAULT = 100;

export class Counts {
  /** From the request to the answer, of receives that may wait. */
  readonly receiveWaitSeconds = new Distribution([0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 50]);
  /** What one append of a group holds. */
  readonly appendRequests = new Distribution([1, 2, 4, 8, 16, 32, 64, 128, 256]);
  readonly appendMessages = new Distribution([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]);
  readonly appendBytes = new Distribution([256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576]);
  /** What one write of a cursor does for those who wait. */
  readonly cursorClaims = new Distribution([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
  readonly cursorSettlements = new Distribution([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]);
  readonly #namesMax: number;
  readonly #named = new Map<string, NamedCounts>();
  #own = 0;

  /** @param namesMax how many names have numbers of their own */
  constructor(namesMax: number) {
    this.#namesMax = namesMax;
  }

  /** The numbers to add to for a name. To be asked once something has happened to it: a name that is taken stays. */
  of(name: CountedName): MessageCounts {
    const known = this.#named.get(keyOf(name));
    if (known !== undefined) return known.counts;
    if (this.#own < this.#namesMax) {
      this.#own += 1;
      return this.#add(name);
    }
    const other = otherOf(name);
    return this.#named.get(keyOf(other))?.counts ?? this.#add(other);
  }

  /** Whether a name has numbers of its own. */
  hasOwn(name: CountedName): boolean {
    return this.#named.has(keyOf(name));
  }

  named(): Iterable<NamedCounts> {
    return this.#named.values();
  }

  #add(name: CountedName): MessageCounts {
    const counts = { ...NOTHING };
    this.#named.set(keyOf(name), { name, counts });
    return counts;
  }
}

/** What became of messages that were published. */
export function countPublished(counts: MessageCounts, published: readonly PublishedMessage[]): void {
  for (const { duplicate } of published) {
    if (duplicate === true) counts.duplicates += 1;
    else counts.published += 1;
  }
}

/** What became of settlements that were asked for. */
export function countSettled(
  counts: MessageCounts,
  action: SettleAction['kind'],
  outcomes: readonly Outcome[],
): void {
  let settled = 0;
  for (const { outcome } of outcomes) {
    if (outcome === 'ok') settled += 1;
    else if (outcome === 'lost') counts.lost += 1;
  }
  counts[SETTLED[action]] += settled;
}

/** What was given out, under a lease or for good. */
export function countReceived(
  counts: MessageCounts,
  messages: readonly ReceivedMessage[],
  forGood: boolean,
): void {
  counts.received += messages.length;
  if (forGood) counts.acked += messages.length;
  for (const { deliveries } of messages) if (deliveries > 1) counts.redelivered += 1;
}

const SETTLED = { ack: 'acked', nack: 'nacked', extend: 'extended', reject: 'rejected' } as const;

const NOTHING: MessageCounts = {
  published: 0,
  duplicates: 0,
  received: 0,
  redelivered: 0,
  acked: 0,
  nacked: 0,
  extended: 0,
  rejected: 0,
  lost: 0,
  expired: 0,
  deadLettered: 0,
  dropped: 0,
  redriven: 0,
  conflicts: 0,
};

/** Neither a slash nor a space is part of a name. */
function keyOf(name: CountedName): string {
  return 'subscription' in name
    ? `${name.kind} ${name.name}/${name.subscription}`
    : `${name.kind} ${name.name}`;
}

function otherOf(name: CountedName): CountedName {
  if (!('subscription' in name)) return { ...name, name: OTHER_NAMES };
  return { kind: 'topic', name: OTHER_NAMES, subscription: OTHER_NAMES };
}
