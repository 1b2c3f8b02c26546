/** The workloads: plain data. All messages have 256 bytes, and each is published, received and acked. */

export interface Workload {
  readonly name: string;
  /** For the page. */
  readonly title: string;
  readonly shape: 'flow' | 'drain' | 'wake-up' | 'many-queues' | 'cycles';
  readonly producers: number;
  readonly consumers: number;
  /** Messages in a publish, and most in a receive. */
  readonly batch: number;
  /** Acks go with the next receive. */
  readonly acksWithReceive: boolean;
  readonly gateways: number;
  /** By how long all that ZooKeeper says to the last gateway comes late; 0 when left out. */
  readonly farMs?: number;
  readonly queues: number;
  /** So many messages a second instead of as many as possible. */
  readonly perSecond?: number;
  /** So many messages are there before the consumers begin. */
  readonly backlog?: number;
  /** Only the peers that are named; all when left out. */
  readonly peers?: readonly string[];
  /** Left out unless asked for by name. */
  readonly isOption?: boolean;
}

const plain = {
  shape: 'flow',
  producers: 1,
  consumers: 1,
  batch: 1,
  acksWithReceive: false,
  gateways: 1,
  queues: 1,
} as const;

export const workloads: readonly Workload[] = [
  { ...plain, name: 'singles-1', title: 'singles, 1 + 1' },
  { ...plain, name: 'singles-16', title: 'singles, 16 + 16', producers: 16, consumers: 16 },
  { ...plain, name: 'singles-64', title: 'singles, 64 + 64', producers: 64, consumers: 64 },
  { ...plain, name: 'piggyback-1', title: 'ack with the next receive, 1 + 1', acksWithReceive: true },
  ...[16, 64].map((each) => ({
    ...plain,
    name: `piggyback-${each}`,
    title: `ack with the next receive, ${each} + ${each}`,
    producers: each,
    consumers: each,
    acksWithReceive: true,
  })),
  { ...plain, name: 'batches', title: 'batches of 100, 8 + 8', producers: 8, consumers: 8, batch: 100 },
  { ...plain, name: 'packed', title: '16 KiB a publish, 4 + 4', producers: 4, consumers: 4, batch: 64 },
  {
    ...plain,
    name: 'drain',
    title: '100,000 queued, then 16 + 16',
    shape: 'drain',
    producers: 16,
    consumers: 16,
    backlog: 100_000,
  },
  { ...plain, name: 'paced', title: '50 messages a second', producers: 4, consumers: 4, perSecond: 50 },
  { ...plain, name: 'wake-up', title: 'wake-up of one who waits', shape: 'wake-up', gateways: 2 },
  ...[1, 2, 3].map((gateways) => ({
    ...plain,
    name: `gateways-${gateways}`,
    title: `one hot queue, gateways: ${gateways}`,
    producers: 64,
    consumers: 64,
    gateways,
    peers: ['zoogate'],
  })),
  ...[0, 2, 5].map((farMs) => ({
    ...plain,
    name: `far-${farMs}`,
    title: `one hot queue, two gateways, one ${farMs} ms farther, 24 clients each`,
    shape: 'cycles' as const,
    producers: 0,
    consumers: 48,
    gateways: 2,
    farMs,
    peers: ['zoogate'],
  })),
  {
    ...plain,
    name: 'queues-1000',
    title: '1,000 queues with traffic',
    shape: 'many-queues',
    producers: 64,
    consumers: 64,
    queues: 1_000,
    peers: ['zoogate', 'bare', 'naive', 'webdis'],
  },
  {
    ...plain,
    name: 'backlog-million',
    title: '1,000,000 queued, then 16 + 16',
    shape: 'drain',
    producers: 16,
    consumers: 16,
    backlog: 1_000_000,
    peers: ['zoogate', 'bare', 'nats', 'redis', 'rabbitmq-amqp'],
    isOption: true,
  },
];

/**
 * What servers are warmed up with: programs that are compiled as they run are at their full speed only after some ten
 * thousand requests of a kind. With few clients each write is one request's, with many it is shared.
 */
export const warmUpWorkloads: readonly Workload[] = [1, 16].map((each) => ({
  ...plain,
  name: `warm-up-${each}`,
  title: `warm-up, ${each} + ${each}`,
  producers: each,
  consumers: each,
}));

export const quickWorkloads = ['singles-1', 'singles-64', 'piggyback-64', 'batches', 'paced', 'wake-up'];

/** Those with these names, in the order of the list above. */
export function namedWorkloads(names: readonly string[]): Workload[] {
  return workloads.filter(({ name }) => names.includes(name));
}
