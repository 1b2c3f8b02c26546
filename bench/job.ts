/** What the load generator is told to do, and what it tells in return: plain data that crosses between processes. */
import type { Workload } from './workloads.ts';

/** Where a peer is reached: its servers' addresses, and whatever else its client has to know. */
export interface Endpoint {
  /** One for each server that may be used; the meaning is the client's. */
  readonly addresses: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Job {
  /** Name of the client in `bench/clients/index.ts`. */
  readonly client: string;
  readonly endpoint: Endpoint;
  readonly workload: Workload;
  /** Of all names that are used; no other job has it. */
  readonly prefix: string;
  readonly warmUpMs: number;
  readonly measuredMs: number;
  /** Address of a ZooKeeper server whose writes are timed beside the load. */
  readonly probe?: string;
}

export const latencyKinds = ['publish', 'receive', 'ack', 'endToEnd', 'zooKeeperWrite'] as const;
export type LatencyKind = (typeof latencyKinds)[number];

export interface LatencySummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Of the measured time alone. */
export interface LoadResult {
  readonly seconds: number;
  readonly published: number;
  readonly received: number;
  readonly acked: number;
  readonly latencies: Readonly<Partial<Record<LatencyKind, LatencySummary>>>;
  /** Messages received at each address. */
  readonly receivedAt: readonly number[];
  /** Processor time of the load generator. */
  readonly cpuSeconds: number;
  /** Messages a second while the backlog was published, where there is one. */
  readonly fillPerSecond?: number;
}

/** What the load generator sends: when the measured time begins and ends, and the result. */
export type LoadMessage =
  | { readonly phase: 'begin' | 'end' }
  | { readonly result: LoadResult }
  | { readonly failure: string };
