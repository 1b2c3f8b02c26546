/** One job of one peer, with what the system and the peer itself counted meanwhile. */
import { type CpuTimes, readCpuTimes } from './cpu-times.ts';
import type { Job, LoadResult } from './job.ts';
import { runLoad } from './load-process.ts';
import { MemoryReadings } from './memory.ts';
import type { Peer, RunningPeer, StoreCounts } from './peer.ts';
import type { WarmServer } from './zookeeper/warm-server.ts';

export interface Measurement {
  readonly peer: string;
  readonly workload: string;
  readonly round: number;
  readonly load: LoadResult;
  /** Processors that were at work for each process, the load generator among them; 1 is one whole one. */
  readonly cores: Readonly<Record<string, number>>;
  /** Processors that were at work for programs that have no part in the measurement. */
  readonly otherCores: number;
  /** MiB of each process in the course of the measured time. */
  readonly memory: Readonly<Record<string, readonly number[]>>;
  /** What each server asked of ZooKeeper. */
  readonly store?: readonly StoreCounts[];
  /** Writes that ZooKeeper was asked for by whomever. */
  readonly transactions?: number;
}

interface Sample {
  readonly cpu: CpuTimes;
  readonly store: readonly StoreCounts[] | undefined;
  readonly transactions: number | undefined;
}

const drainLimitMs = 600_000;

export async function measureJob(
  job: Job,
  peer: Peer,
  running: RunningPeer,
  zooKeeper: WarmServer | undefined,
  round: number,
  signal: AbortSignal,
): Promise<Measurement> {
  const server = zooKeeper === undefined ? {} : { ZooKeeper: zooKeeper.pid };
  const processes = { ...(await running.processes()), ...server };
  const takeSample = async (): Promise<Sample> => {
    const counted = [readCpuTimes(processes), running.counters?.(), zooKeeper?.transactions()] as const;
    const [cpu, store, transactions] = await Promise.all(counted);
    return { cpu, store, transactions };
  };
  const samples: Partial<Record<'begin' | 'end', Promise<Sample>>> = {};
  const limitMs = 60_000 + job.warmUpMs + job.measuredMs * 6 + (job.workload.backlog ? drainLimitMs : 0);
  const readings = new MemoryReadings(processes, job.measuredMs);
  const onPhase = (phase: 'begin' | 'end') => {
    samples[phase] = takeSample();
    if (phase === 'begin') readings.start();
    else readings.stop();
  };
  const command = running.loadCommand?.(job);
  const other = command === undefined ? {} : { command };
  const load = await runLoad(job, { limitMs, onPhase, signal, ...other }).finally(() => readings.stop());
  const [before, after] = await Promise.all([samples.begin, samples.end]);
  if (before === undefined || after === undefined) throw new Error('the load was never measured');
  return {
    peer: peer.name,
    workload: job.workload.name,
    round,
    load,
    ...usedCores(load, before.cpu, after.cpu),
    memory: readings.taken,
    ...storeUse(before.store, after.store),
    ...transactionsBetween(before.transactions, after.transactions),
  };
}

function transactionsBetween(
  before: number | undefined,
  after: number | undefined,
): Pick<Measurement, 'transactions'> {
  return before === undefined || after === undefined ? {} : { transactions: after - before };
}

/** Pure. */
export function usedCores(
  load: LoadResult,
  before: CpuTimes,
  after: CpuTimes,
): Pick<Measurement, 'cores' | 'otherCores'> {
  const servers = Object.entries(after.processes).map(
    ([name, seconds]) => [name, (seconds - (before.processes[name] ?? 0)) / load.seconds] as const,
  );
  const cores = { ...Object.fromEntries(servers), load: load.cpuSeconds / load.seconds };
  const ours = Object.values(cores).reduce((sum, each) => sum + each, 0);
  return { cores, otherCores: Math.max(0, (after.machine - before.machine) / load.seconds - ours) };
}

/** Pure. */
export function storeUse(
  before: readonly StoreCounts[] | undefined,
  after: readonly StoreCounts[] | undefined,
): Pick<Measurement, 'store'> {
  if (before === undefined || after === undefined) return {};
  const store = after.map((counts, index) => ({
    reads: counts.reads - (before[index]?.reads ?? 0),
    writes: counts.writes - (before[index]?.writes ?? 0),
    conflicts: counts.conflicts - (before[index]?.conflicts ?? 0),
    bytesWritten: counts.bytesWritten - (before[index]?.bytesWritten ?? 0),
  }));
  return { store };
}
