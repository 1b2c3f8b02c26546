/**
 * The metrics of a gateway in the text format of Prometheus, read when they are asked for. The only folder that knows
 * prom-client; what is counted, and where, is the business of those who count.
 */
import { collectDefaultMetrics, Registry } from 'prom-client';
import { DepthReadings } from './depth-readings.ts';
import { engineMetrics } from './engine-metrics.ts';
import { httpMetrics } from './http-metrics.ts';
import { messageMetrics } from './message-metrics.ts';
import { gauge, type Metric, only, registrable } from './metric.ts';
import type { MetricSources } from './sources.ts';
import { storedMetrics, storeMetrics } from './store-metrics.ts';

export type { HttpVitals, MetricSources } from './sources.ts';

/** @returns what tells all metrics as they are at the time */
export function createMetrics(sources: MetricSources): () => Promise<string> {
  const registry = new Registry();
  for (const metric of metricsOf(sources)) registry.registerMetric(registrable(metric));
  if (sources.isOwnProcess === true) {
    collectDefaultMetrics({ register: registry });
  }
  return () => registry.metrics();
}

/** All metrics of our own, in the order in which they are shown. */
export function metricsOf({ broker, http, store, version }: MetricSources): Metric[] {
  const { telemetry } = broker;
  const depths = new DepthReadings(telemetry, () => performance.now());
  return [
    gauge(
      'zoogate_build_info',
      'Always 1; its labels tell which version this is',
      ['version', 'commit'],
      () => [{ labels: { version: version.version, commit: version.commit ?? '' }, value: 1 }],
    ),
    gauge('zoogate_ready', 'Whether this gateway can serve: 1 or 0, as GET /readyz tells', [], () =>
      only(broker.ready ? 1 : 0),
    ),
    ...httpMetrics(http),
    ...messageMetrics(telemetry, depths),
    ...engineMetrics(telemetry),
    ...(store === undefined ? [] : storeMetrics(store, sessionChanges(store))),
    ...storedMetrics(() => telemetry.stored()),
  ];
}

function sessionChanges(store: NonNullable<MetricSources['store']>) {
  const changes = { connected: 0, suspended: 0, lost: 0 };
  store.onState((state) => {
    changes[state] += 1;
  });
  return changes;
}
