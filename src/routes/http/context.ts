/**
 * What operations need from outside, whatever their protocol: passed in, so that no route constructs anything.
 */
import type { FastifyBaseLogger } from 'fastify';
import type { Broker } from '../../queue/index.ts';
import type { Version } from '../../version.ts';
import type { EdgeLoad } from './edge-load.ts';
import type { StreamLimits } from './event-stream.ts';

/** What one request may publish. */
export interface PublishLimits {
  /** Body and attributes of one message. */
  readonly maxMessageBytes: number;
}

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
  /** The OpenAPI document as JSON. It describes all operations, so it is there only once they are. */
  readonly openApiText: () => string;
  /** Aborted when the application closes: streams, which never end by themselves, must end then. */
  readonly closing: AbortSignal;
}
