/** What was asked of ZooKeeper, how it answered, and how full it is. */
import { limitName } from './budget-metrics.ts';
import { counter, gauge, histogram, type Metric, only } from './metric.ts';
import type { StoreVitals } from './sources.ts';

const STATES = ['connected', 'suspended', 'lost'] as const;

/** @param changes how often each state was entered */
export function storeMetrics(
  store: StoreVitals,
  changes: Readonly<Record<(typeof STATES)[number], number>>,
): Metric[] {
  const { counters, measures } = store;
  return [
    gauge(
      'zoogate_zookeeper_session_state',
      'The session with ZooKeeper: 1 for the state that it is in, 0 for the others',
      ['state'],
      () => STATES.map((state) => ({ labels: { state }, value: store.state === state ? 1 : 0 })),
    ),
    counter(
      'zoogate_zookeeper_session_changes_total',
      'How often the session with ZooKeeper has entered a state',
      ['state'],
      () => STATES.map((state) => ({ labels: { state }, value: changes[state] })),
    ),
    counter('zoogate_store_reads_total', 'Reads sent to ZooKeeper', [], () => only(counters.reads)),
    counter(
      'zoogate_store_writes_total',
      'Writes sent to ZooKeeper: commits, of however many operations, and barriers',
      [],
      () => only(counters.writes),
    ),
    counter(
      'zoogate_store_failed_reads_total',
      'Reads that were not sent in time, not answered, or refused',
      [],
      () => only(measures.failedReads),
    ),
    counter(
      'zoogate_store_failed_writes_total',
      'Writes that were not sent in time, not answered, or refused',
      [],
      () => only(measures.failedWrites),
    ),
    counter(
      'zoogate_store_conflicts_total',
      'Commits that changed nothing because something had changed before: compare-and-set that lost',
      [],
      () => only(counters.conflicts),
    ),
    counter('zoogate_store_written_bytes_total', 'Bytes of the writes sent to ZooKeeper', [], () =>
      only(counters.bytesWritten),
    ),
    histogram(
      'zoogate_store_read_duration_seconds',
      'Time from the sending of a read to its answer',
      [],
      () => [{ distribution: measures.readSeconds }],
    ),
    histogram(
      'zoogate_store_write_duration_seconds',
      'Time from the sending of a write to its answer, when a quorum has it on disk',
      [],
      () => [{ distribution: measures.writeSeconds }],
    ),
  ];
}

type Stored = { readonly bytes: number; readonly bytesMax: number } | undefined;

/** How full ZooKeeper is, with ZOOGATE_MAX_DATA_BYTES. */
export function storedMetrics(stored: () => Promise<Stored>): Metric[] {
  const name = 'zoogate_data_bytes';
  const reading = (value: (stored: NonNullable<Stored>) => number) => async () => {
    const found = await stored();
    return found === undefined ? [] : only(value(found));
  };
  return [
    gauge(
      name,
      'Data in ZooKeeper, over all gateways, as it counts against ZOOGATE_MAX_DATA_BYTES',
      [],
      reading(({ bytes }) => bytes),
    ),
    gauge(
      limitName(name),
      'ZOOGATE_MAX_DATA_BYTES, beyond which publishing is refused',
      [],
      reading(({ bytesMax }) => bytesMax),
    ),
  ];
}
