/** What several rounds of the same job have in common: medians and spreads. Pure. */
import { type LatencyKind, latencyKinds } from '../job.ts';
import type { Measurement } from '../measurement.ts';
import type { StoreCounts } from '../peer.ts';
import { type Spread, spread } from './statistics.ts';

export interface LatencySpread {
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
}

export interface StoreUse {
  /** For each message that was acked. */
  readonly writes: Spread;
  readonly reads: Spread;
  readonly bytesWritten: Spread;
  /** Share of the writes that lost their comparison. */
  readonly conflicts: Spread;
}

export interface Summary {
  readonly peer: string;
  readonly workload: string;
  readonly rounds: number;
  /** Acked messages. */
  readonly perSecond: Spread;
  readonly latencies: Readonly<Partial<Record<LatencyKind, LatencySpread>>>;
  /** Of each process, by its name. */
  readonly cores: Readonly<Record<string, Spread>>;
  readonly otherCores: Spread;
  /** MiB of each process: the median of each round's readings. */
  readonly memory: Readonly<Record<string, Spread>>;
  /** Of all messages, the share that was received at each server. */
  readonly receiveShares: readonly Spread[];
  readonly fillPerSecond?: Spread;
  readonly store?: StoreUse;
  /** ZooKeeper's transactions for each message. */
  readonly transactions?: Spread;
}

/** One for each peer and workload, in the order in which they were first measured. */
export function summarize(measurements: readonly Measurement[]): Summary[] {
  const groups = new Map<string, Measurement[]>();
  for (const measurement of measurements) {
    const key = `${measurement.workload}\0${measurement.peer}`;
    groups.set(key, [...(groups.get(key) ?? []), measurement]);
  }
  return [...groups.values()].map(summaryOf);
}

function summaryOf(rounds: readonly Measurement[]): Summary {
  const [first] = rounds;
  if (first === undefined) throw new Error('there is nothing to summarize');
  const fills = rounds.flatMap(({ load }) => load.fillPerSecond ?? []);
  const store = storeUse(rounds);
  const transactions = rounds.flatMap((round) =>
    round.transactions === undefined ? [] : round.transactions / Math.max(1, round.load.acked),
  );
  return {
    peer: first.peer,
    workload: first.workload,
    rounds: rounds.length,
    perSecond: spread(rounds.map(({ load }) => load.acked / load.seconds)),
    latencies: Object.fromEntries(latencyKinds.flatMap((kind) => latency(kind, rounds))),
    cores: Object.fromEntries(
      Object.keys(first.cores).map((name) => [name, spread(rounds.map(({ cores }) => cores[name] ?? 0))]),
    ),
    otherCores: spread(rounds.map(({ otherCores }) => otherCores)),
    memory: Object.fromEntries(Object.keys(first.memory).map((name) => [name, memoryOf(name, rounds)])),
    receiveShares: first.load.receivedAt.map((_, index) =>
      spread(rounds.map(({ load }) => (load.receivedAt[index] ?? 0) / Math.max(1, load.received))),
    ),
    ...(fills.length === 0 ? {} : { fillPerSecond: spread(fills) }),
    ...(store === undefined ? {} : { store }),
    ...(transactions.length === 0 ? {} : { transactions: spread(transactions) }),
  };
}

function memoryOf(name: string, rounds: readonly Measurement[]): Spread {
  return spread(rounds.flatMap(({ memory }) => (memory[name] ? [spread(memory[name]).median] : [])));
}

function latency(kind: LatencyKind, rounds: readonly Measurement[]): [LatencyKind, LatencySpread][] {
  const known = rounds.flatMap(({ load }) => load.latencies[kind] ?? []);
  if (known.length === 0) return [];
  const p50Ms = spread(known.map((each) => each.p50Ms));
  return [[kind, { p50Ms, p99Ms: spread(known.map((each) => each.p99Ms)) }]];
}

function storeUse(rounds: readonly Measurement[]): StoreUse | undefined {
  if (rounds.some(({ store }) => store === undefined)) return undefined;
  const total = ({ store = [] }: Measurement, name: keyof StoreCounts) =>
    store.reduce((sum, counts) => sum + counts[name], 0);
  const perMessage = (name: keyof StoreCounts) =>
    spread(rounds.map((round) => total(round, name) / Math.max(1, round.load.acked)));
  return {
    writes: perMessage('writes'),
    reads: perMessage('reads'),
    bytesWritten: perMessage('bytesWritten'),
    conflicts: spread(rounds.map((round) => total(round, 'conflicts') / Math.max(1, total(round, 'writes')))),
  };
}
