/** What a run with a backlog has measured, for people. Pure. */
import { spread } from '../page/statistics.ts';
import type { BacklogResult, Part } from './backlog-run.ts';

const mebibyte = 1024 * 1024;

export function backlogTable({ published, received }: BacklogResult): string {
  const rows = published.map((each, index) => {
    const other = received[index] as Part;
    return `| ${cells(each)} | ${cells(other)} |`;
  });
  return [
    '| queued | published a second | gateway, MiB | queued | received and acked a second | gateway, MiB |',
    '|---:|---:|---:|---:|---:|---:|',
    ...rows,
  ].join('\n');
}

function cells({ queued, perSecond, residentBytes }: Part): string {
  return [queued, Math.round(perSecond), Math.round(residentBytes / mebibyte)]
    .map((value) => value.toLocaleString('en'))
    .join(' | ');
}

export function summaryOf(result: BacklogResult): readonly string[] {
  const { published, received, heapBytes, firstReceiveMs, statistics } = result;
  const { ms, reads, writes } = statistics;
  return [
    `publishing, half with more queued against half with less: ${ratio(published.slice(5), published.slice(0, 5))}`,
    `receiving, half with more queued against half with less: ${ratio(received.slice(0, 5), received.slice(5))}`,
    `heap of the server for each message: ${heapBytes.toFixed(0)} bytes (body 256)`,
    `first receive at a fresh gateway: ${firstReceiveMs.toFixed(0)} ms`,
    `statistics: ${ms.toFixed(1)} ms, ${reads} reads and ${writes} writes`,
  ];
}

/** How the medians of the rates compare. */
export function ratio(one: readonly Part[], other: readonly Part[]): string {
  return (median(one) / median(other)).toFixed(2);
}

function median(of: readonly Part[]): number {
  return spread(of.map(({ perSecond }) => perSecond)).median;
}
