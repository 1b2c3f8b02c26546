/**
 * Traces by OTLP over HTTP: loaded only where they are wanted. The only folder that knows OpenTelemetry.
 *
 * Where to is passed in. The rest is taken from the environment by the SDK itself, by its standard variables: those of
 * the exporter (OTEL_EXPORTER_OTLP_HEADERS, _TIMEOUT, _CERTIFICATE and so on), of sampling (OTEL_TRACES_SAMPLER, _ARG),
 * of batches (OTEL_BSP_…) and of the resource (OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES).
 */
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Broker } from '../queue/index.ts';
import { tracedBroker } from './traced-broker.ts';

export interface TracingOptions {
  /** Base of the collector's addresses: traces go to `v1/traces` below it. */
  readonly endpoint: string;
  /** Tells this gateway from the others. */
  readonly instanceId: string;
  readonly logger: { warn(fields: object, message: string): void };
}

export interface Tracing {
  /** The broker, with a span for each verb that concerns messages. */
  trace(broker: Broker): Broker;
  /** Sends what is left, within the limit. Never rejects. */
  close(limitMs: number): Promise<void>;
}

/** Of an error of the exporter, which may tell the whole answer of a collector. */
const REASON_CHARS_MAX = 300;

export function startTracing({ endpoint, instanceId, logger }: TracingOptions): Tracing {
  const warn = (reason: unknown) =>
    logger.warn({ reason: String(reason).slice(0, REASON_CHARS_MAX) }, 'traces cannot be sent');
  const unsaid = () => {};
  // The one place where the SDK tells of a collector that does not answer; it is the process's own.
  diag.setLogger(
    { error: warn, warn, info: unsaid, debug: unsaid, verbose: unsaid },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const exporter = new OTLPTraceExporter({ url: new URL('v1/traces', withSlash(endpoint)).href });
  const own = resourceFromAttributes({ 'service.name': 'zoogate', 'service.instance.id': instanceId });
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(own)
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer('zoogate');
  return {
    trace: (broker) => tracedBroker(broker, tracer),
    async close(limitMs) {
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, limitMs);
      });
      await Promise.race([provider.shutdown().catch(warn), limit]);
      clearTimeout(timer);
    },
  };
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}
