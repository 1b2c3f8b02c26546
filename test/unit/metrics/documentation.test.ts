/** What docs/metrics.md, the dashboard and the alert rules say, held against the metrics that there are. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { metricsOf } from '../../../src/metrics/index.ts';
import type { MetricSources } from '../../../src/metrics/sources.ts';
import { Counts } from '../../../src/queue/index.ts';
import { StoreMeasures } from '../../../src/queue/zookeeper/store-measures.ts';
import { EDGE_LIMITS, EdgeLoad } from '../../../src/routes/http/edge-load.ts';
import { HttpCounts } from '../../../src/routes/http/http-counts.ts';
import { tableRows } from '../../support/documents.ts';

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');

/** Describing the metrics reads none of them. */
const sources = {
  version: { version: '1.2.3' },
  broker: { ready: true, telemetry: { counts: new Counts(0) } },
  http: { counts: new HttpCounts(), load: new EdgeLoad(EDGE_LIMITS) },
  store: { state: 'connected', onState: () => () => {}, counters: {}, measures: new StoreMeasures() },
} as unknown as MetricSources;

test('docs/metrics.md lists each metric with its type, its labels and its meaning', () => {
  const expected = metricsOf(sources).map(({ name, type, labels, help }) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(', '),
    help,
  ]);
  expect(tableRows(read('docs/metrics.md'), 'All metrics')).toEqual(expected);
});
