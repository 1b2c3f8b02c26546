/** How the engine works: what is written together, who waits, what is held in memory. */
import type { Telemetry } from '../queue/index.ts';
import { budgetMetrics } from './budget-metrics.ts';
import { counter, gauge, histogram, type Metric, only } from './metric.ts';

export function engineMetrics(telemetry: Telemetry): Metric[] {
  const { counts } = telemetry;
  return [
    histogram(
      'zoogate_receive_wait_seconds',
      'Time from a receive with waitSeconds to its answer',
      [],
      () => [{ distribution: counts.receiveWaitSeconds }],
    ),
    ...budgetMetrics(
      'zoogate_receives_waiting',
      'Receives with waitSeconds without an answer',
      () => telemetry.waitingReceives,
    ),
    histogram('zoogate_append_requests', 'Publish requests that one write to a log carried', [], () => [
      { distribution: counts.appendRequests },
    ]),
    histogram('zoogate_append_messages', 'Messages that one write to a log carried', [], () => [
      { distribution: counts.appendMessages },
    ]),
    histogram(
      'zoogate_append_bytes',
      'Bytes of messages, with what belongs to them, that one write to a log carried',
      [],
      () => [{ distribution: counts.appendBytes }],
    ),
    histogram(
      'zoogate_cursor_write_claims',
      'Receives that one write of a cursor gave messages to',
      [],
      () => [{ distribution: counts.cursorClaims }],
    ),
    histogram('zoogate_cursor_write_settlements', 'Receipts that one write of a cursor settled', [], () => [
      { distribution: counts.cursorSettlements },
    ]),
    ...budgetMetrics(
      'zoogate_publish_queued_bytes',
      'Messages on their way into the store',
      () => telemetry.queuedBytes,
    ),
    ...budgetMetrics('zoogate_entry_cache_bytes', 'Entries of logs kept in memory', () => {
      const { bytes, bytesMax } = telemetry.entryCache.size;
      return { used: bytes, max: bytesMax };
    }),
    gauge('zoogate_entry_cache_entries', 'Entries of logs kept in memory', [], () =>
      only(telemetry.entryCache.size.entries),
    ),
    counter('zoogate_entry_cache_loads_total', 'Entries of logs that had to be read from ZooKeeper', [], () =>
      only(telemetry.entryCache.loads),
    ),
    gauge('zoogate_topics_open', 'Queues and topics that this gateway has in use', [], () =>
      only(telemetry.openTopics),
    ),
  ];
}
