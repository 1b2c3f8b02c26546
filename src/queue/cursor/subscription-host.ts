/** What a subscription needs from the topic that it belongs to, and tells it. */
import type { DeadLetters } from './dead-letter-move.ts';

export interface SubscriptionHost {
  readonly deadLetters: DeadLetters;
  /** Told of segments in which nothing is left for this subscription. */
  onFinished(level: number, segment: number): void;
  /** Moves here what is due in the schedule and what has died elsewhere, so that a claim may be told that there is nothing. */
  bringIn(): Promise<void>;
  /** The subscription has changed or been deleted, and nobody uses it here: nothing need be kept of it. */
  onUnused(): void;
  /** Claims wait here now, or no more do. */
  onWaiting(waiting: boolean): void;
}
