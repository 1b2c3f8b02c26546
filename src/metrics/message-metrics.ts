/**
 * What happened to messages, by queue, or by topic and subscription. Only the first names have series of their own; the
 * rest is added up under `_other`, so there is a limit to the number of series, whatever clients create.
 */
import type { CountedName, MessageCounts, Telemetry } from '../queue/index.ts';
import type { DepthReadings } from './depth-readings.ts';
import { counter, gauge, type Labels, type Metric, only, type Sample } from './metric.ts';

const QUEUE_OR_TOPIC = ['queue', 'topic'];
const QUEUE_OR_SUBSCRIPTION = ['queue', 'topic', 'subscription'];

interface Counted {
  readonly name: string;
  readonly help: string;
  readonly field: keyof MessageCounts;
}

/** What happens on the way in. */
const PUBLISHING: readonly Counted[] = [
  {
    name: 'zoogate_messages_published_total',
    help: 'Messages stored for publishers, delayed ones included',
    field: 'published',
  },
  {
    name: 'zoogate_messages_deduplicated_total',
    help: 'Messages not stored because their dedupId had been used',
    field: 'duplicates',
  },
];

/** What happens on the way out. */
const DELIVERING: readonly Counted[] = [
  {
    name: 'zoogate_messages_received_total',
    help: 'Messages given out, again each time',
    field: 'received',
  },
  {
    name: 'zoogate_messages_redelivered_total',
    help: 'Messages given out that had been given out before',
    field: 'redelivered',
  },
  {
    name: 'zoogate_messages_acked_total',
    help: 'Acks that were ok, in transactions too, and messages taken with autoAck',
    field: 'acked',
  },
  { name: 'zoogate_messages_nacked_total', help: 'Nacks that were ok', field: 'nacked' },
  { name: 'zoogate_messages_extended_total', help: 'Leases that were extended', field: 'extended' },
  { name: 'zoogate_messages_rejected_total', help: 'Rejects that were ok', field: 'rejected' },
  {
    name: 'zoogate_settlements_lost_total',
    help: 'Acks, nacks, extends and rejects that came too late: the lease was lost',
    field: 'lost',
  },
  {
    name: 'zoogate_messages_expired_total',
    help: 'Messages dropped because their time was over',
    field: 'expired',
  },
  {
    name: 'zoogate_messages_dead_lettered_total',
    help: 'Messages moved from here to a dead-letter queue',
    field: 'deadLettered',
  },
  {
    name: 'zoogate_messages_dropped_total',
    help: 'Messages dropped for want of a dead-letter queue, after their last delivery or a reject',
    field: 'dropped',
  },
  {
    name: 'zoogate_messages_redriven_total',
    help: 'Dead letters moved out of this queue by a redrive',
    field: 'redriven',
  },
  {
    name: 'zoogate_cursor_conflicts_total',
    help: 'Writes of the cursor that lost against those of another gateway, and were made again',
    field: 'conflicts',
  },
];

export function messageMetrics({ counts }: Pick<Telemetry, 'counts'>, depths: DepthReadings): Metric[] {
  const reading = (field: keyof MessageCounts, isPublishing: boolean) =>
    function* (): Generator<Sample> {
      for (const { name, counts: counted } of counts.named()) {
        const isShown = name.kind === 'queue' || 'subscription' in name !== isPublishing;
        if (isShown) yield { labels: labelsOf(name), value: counted[field] };
      }
    };
  const of = (described: readonly Counted[], labels: readonly string[]) =>
    described.map(({ name, help, field }) =>
      counter(name, help, labels, reading(field, described === PUBLISHING)),
    );
  return [
    ...of(PUBLISHING, QUEUE_OR_TOPIC),
    ...of(DELIVERING, QUEUE_OR_SUBSCRIPTION),
    ...depthMetrics(depths),
  ];
}

function depthMetrics(depths: DepthReadings): Metric[] {
  return [
    gauge(
      'zoogate_pending_messages',
      'Messages that are not done, by state (ready, leased, delayed), the same at every gateway',
      [...QUEUE_OR_SUBSCRIPTION, 'state'],
      async () =>
        (await depths.current()).flatMap(({ name, stats }) =>
          (['ready', 'leased', 'delayed'] as const).map((state) => ({
            labels: { ...labelsOf(name), state },
            value: stats[state],
          })),
        ),
    ),
    gauge(
      'zoogate_pending_bytes',
      'Bytes of the bodies of messages that are not done, the same at every gateway',
      QUEUE_OR_SUBSCRIPTION,
      async () =>
        (await depths.current()).map(({ name, stats }) => ({ labels: labelsOf(name), value: stats.bytes })),
    ),
    gauge(
      'zoogate_oldest_message_age_seconds',
      'Age of the oldest message that is not done, 0 when there is none, the same at every gateway',
      QUEUE_OR_SUBSCRIPTION,
      async () =>
        (await depths.current()).map(({ name, stats }) => ({
          labels: labelsOf(name),
          value: stats.oldestMessageAgeSeconds ?? 0,
        })),
    ),
    counter(
      'zoogate_depth_readings_failed_total',
      'Readings of the three metrics above that failed, and were put off',
      [],
      () => only(depths.failed),
    ),
  ];
}

function labelsOf(name: CountedName): Labels {
  if (name.kind === 'queue') return { queue: name.name };
  return 'subscription' in name
    ? { topic: name.name, subscription: name.subscription }
    : { topic: name.name };
}
