/** What queues, topics and subscriptions have in common as places to publish to and to receive from. */
import type { z } from 'zod';
import type { SubscriptionRef, TopicRef } from '../../queue/index.ts';

/** A schema of path parameters that has at least these. */
export type ParamsSchema<Params> = z.ZodObject & z.ZodType<Params>;

/** A kind of resource that messages are published to: where it is, and how its path names it. */
export interface PublishTarget<Params> {
  /** Its path, such as /v1/queues/{queue}. */
  readonly path: string;
  /** Its word in operation ids: publishToQueue. */
  readonly noun: 'Queue' | 'Topic';
  readonly tag: string;
  readonly params: ParamsSchema<Params>;
  refOf(params: Params): TopicRef;
  /** What rights are granted on. */
  nameOf(params: Params): string;
}

/** A kind of resource that messages are received from. */
export interface MessageSource<Params> {
  readonly path: string;
  readonly noun: 'Queue' | 'Subscription';
  readonly tag: string;
  readonly params: ParamsSchema<Params>;
  /** The same with a `receipt` at the end. */
  readonly paramsWithReceipt: ParamsSchema<Params & { receipt: string }>;
  refOf(params: Params): SubscriptionRef;
  /** What rights are granted on. */
  nameOf(params: Params): string;
}
