/** The metrics of a gateway with more queues than anybody wants to see: the text, and what it costs, stay bounded. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DEPTH_LIMITS } from '../../../src/metrics/depth-readings.ts';
import { createMetrics } from '../../../src/metrics/index.ts';
import { COUNTED_NAMES_MAX_DEFAULT } from '../../../src/queue/runtime/counts.ts';
import { EDGE_LIMITS, EdgeLoad } from '../../../src/routes/http/edge-load.ts';
import { HttpCounts } from '../../../src/routes/http/http-counts.ts';
import {
  type Engine,
  EngineCluster,
  plainQueue,
  staying,
  textMessage,
} from '../../support/engine-fixture.ts';
import { metricValue, parseMetrics } from '../../support/metrics-text.ts';

const QUEUES = 1_100;

let cluster: EngineCluster;
let engine: Engine;

beforeEach(async () => {
  cluster = new EngineCluster();
  engine = await cluster.start();
});
afterEach(() => cluster.close());

async function useQueue(name: string): Promise<void> {
  const ref = { kind: 'queue', name } as const;
  await engine.broker.put(ref, plainQueue, {}, staying());
  await engine.broker.publish(ref, [textMessage('a'), textMessage('b')], staying());
}

test('1,100 queues in use have series for the first hundred, and one for all others together', async () => {
  await useQueue('queue-0');
  await Promise.all(Array.from({ length: QUEUES - 1 }, (_, index) => useQueue(`queue-${index + 1}`)));
  const http = { counts: new HttpCounts(), load: new EdgeLoad(EDGE_LIMITS) };
  const metrics = createMetrics({ broker: engine.broker, http, version: { version: '1.2.3' } });
  const { reads, writes } = engine.store.counters;
  const families = parseMetrics(await metrics());

  const names = new Set(
    families.flatMap(({ samples }) => samples.map(({ labels }) => labels.queue)).filter((name) => name),
  );
  expect(names.size).toBe(COUNTED_NAMES_MAX_DEFAULT + 1);
  const lines = families.reduce((sum, { samples }) => sum + samples.length, 0);
  expect(lines).toBeLessThan(25 * (COUNTED_NAMES_MAX_DEFAULT + 1) + 500);
  const published = 'zoogate_messages_published_total';
  expect(metricValue(families, published, { queue: 'queue-0' })).toBe(2);
  expect(metricValue(families, published, { queue: '_other' })).toBe(
    2 * (QUEUES - COUNTED_NAMES_MAX_DEFAULT),
  );
  expect(metricValue(families, 'zoogate_topics_open')).toBe(QUEUES);

  const depths = families.find(({ name }) => name === 'zoogate_pending_bytes')?.samples ?? [];
  expect(depths).toHaveLength(COUNTED_NAMES_MAX_DEFAULT);
  expect(depths.length).toBeLessThanOrEqual(DEPTH_LIMITS.namesMax);
  // Nothing is written for it, and little is read; the second time, nothing at all.
  const readOnce = engine.store.counters.reads - reads;
  expect(readOnce).toBeLessThan(12 * COUNTED_NAMES_MAX_DEFAULT);
  await metrics();
  expect(engine.store.counters).toMatchObject({ reads: reads + readOnce, writes });
});
