/** A measurement of one second, as the tests need it. */
import type { Measurement } from '../../../bench/measurement.ts';

export function measurement(changes: Partial<Measurement> & { readonly acked?: number } = {}): Measurement {
  const { acked = 100, ...rest } = changes;
  return {
    peer: 'zoogate',
    workload: 'paced',
    round: 1,
    load: {
      seconds: 1,
      published: acked,
      received: acked,
      acked,
      latencies: {
        endToEnd: { count: acked, p50Ms: 5, p99Ms: 9 },
        zooKeeperWrite: { count: 10, p50Ms: 1, p99Ms: 2 },
      },
      receivedAt: [acked],
      cpuSeconds: 0.25,
    },
    cores: { 'gateway 1': 0.5, load: 0.25 },
    otherCores: 0,
    memory: { 'gateway 1': [100, 120, 110] },
    store: [{ reads: acked, writes: acked * 2, conflicts: acked, bytesWritten: acked * 300 }],
    ...rest,
  };
}
