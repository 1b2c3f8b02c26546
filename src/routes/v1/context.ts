/**
 * What the operations need from outside: passed in, so that nothing here constructs anything.
 */
import type { FastifyBaseLogger } from 'fastify';
import type { z } from 'zod';
import type { Broker, SubscriptionRef, TopicRef } from '../../queue/index.ts';
import type { Version } from '../../version.ts';
import type { EdgeLoad } from '../http/edge-load.ts';
import type { StreamLimits } from '../http/event-stream.ts';
import type { PublishLimits } from './new-messages.ts';

export interface RouteContext {
  readonly broker: Broker;
  readonly limits: PublishLimits;
  readonly log: Pick<FastifyBaseLogger, 'warn'>;
  readonly streaming: StreamLimits;
  readonly load: EdgeLoad;
  /** Of the gateway, and so of its API. */
  readonly version: Version;
  /** All metrics in the text format of Prometheus. */
  readonly metricsText: () => Promise<string>;
  /** Aborted when the application closes: what goes on without end must end then. */
  readonly closing: AbortSignal;
}

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
