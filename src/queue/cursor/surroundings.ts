/** What a subscription needs of the rest of the engine. */
import type { DeadLetters } from './dead-letters.ts';

export interface SubscriptionSurroundings {
  readonly deadLetters: DeadLetters;
  /** Told of segments in which nothing is left for this subscription. */
  onFinished(level: number, segment: number): void;
  /** Brings in, from elsewhere, whatever must be here before it may be said that there is nothing. */
  prepareEmpty(): Promise<void>;
  /** The subscription has changed or been deleted, and nobody uses it here: nothing need be kept of it. */
  onUnused(): void;
  /** Claims wait here now, or no more do. */
  onWaiting(waiting: boolean): void;
}
