/** All peers and workloads, round after round, so that what slows the machine down meets all of them alike. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job } from './job.ts';
import { type Measurement, measureJob } from './measurement.ts';
import type { BenchOptions } from './options.ts';
import type { Peer, RunningPeer } from './peer.ts';
import { type Workload, warmUpWorkloads } from './workloads.ts';
import { startWarmServer, type WarmServer } from './zookeeper/warm-server.ts';

export interface BenchPlan extends BenchOptions {
  readonly chosenPeers: readonly Peer[];
  readonly chosenWorkloads: readonly Workload[];
}

export interface BenchResult {
  readonly measurements: readonly Measurement[];
  /** Versions by the peers' names. */
  readonly versions: Readonly<Record<string, string>>;
  /** In sentences: what was to be measured and could not be. */
  readonly failures: readonly string[];
}

export type Report = (line: string) => void;

export async function runBench(plan: BenchPlan, report: Report, signal: AbortSignal): Promise<BenchResult> {
  const directory = await mkdtemp(join(tmpdir(), 'zoogate-bench-'));
  const bench = new Bench(plan, directory, report, signal);
  try {
    await bench.startPeers();
    await bench.warmUpPeers();
    for (let round = 1; round <= plan.rounds; round += 1) await bench.runRound(round);
    return bench.result();
  } finally {
    await bench.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Whether the peer has a part in the workload. Pure. */
export function takesPart(peer: Peer, workload: Workload): boolean {
  if (workload.acksWithReceive && !peer.canAckWithReceive) return false;
  if (peer.workloads !== undefined && !peer.workloads.includes(workload.name)) return false;
  return workload.peers === undefined || workload.peers.includes(peer.name);
}

class Bench {
  readonly #plan: BenchPlan;
  readonly #directory: string;
  readonly #report: Report;
  readonly #signal: AbortSignal;
  readonly #running = new Map<Peer, RunningPeer>();
  readonly #measurements: Measurement[] = [];
  readonly #failures: string[] = [];
  #zooKeeper: Promise<WarmServer> | undefined;

  constructor(plan: BenchPlan, directory: string, report: Report, signal: AbortSignal) {
    this.#plan = plan;
    this.#directory = directory;
    this.#report = report;
    this.#signal = signal;
  }

  async startPeers(): Promise<void> {
    for (const peer of this.#plan.chosenPeers) {
      if (this.#signal.aborted) return;
      const directory = join(this.#directory, peer.name);
      await mkdir(directory);
      const { profiles } = this.#plan;
      const zooKeeper = async () => (await this.#warmServer()).address;
      try {
        const place = { directory, zooKeeper, ...(profiles === undefined ? {} : { profiles }) };
        this.#running.set(peer, await peer.start(place));
        this.#report(`${peer.title} is started`);
      } catch (error) {
        this.#fail(`${peer.title} does not start`, error);
      }
    }
  }

  async warmUpPeers(): Promise<void> {
    const { chosenWorkloads, peerWarmUpMs } = this.#plan;
    if (peerWarmUpMs === 0) return;
    const gateways = new Set([1, ...chosenWorkloads.map((workload) => workload.gateways)]);
    for (const [peer, running] of this.#running) {
      if (this.#signal.aborted) return;
      this.#report(`${peer.title} is warmed up`);
      try {
        for (const workload of warmUpWorkloads)
          for (const each of peer.hasGateways === true ? gateways : [1]) {
            const job = await this.#job(peer, running, { ...workload, gateways: each });
            // Nobody looks at what it measures.
            const warmUp = { ...job, warmUpMs: 0, measuredMs: peerWarmUpMs };
            await measureJob(warmUp, peer, running, undefined, 0, this.#signal);
          }
      } catch (error) {
        if (!this.#signal.aborted) this.#fail(`${peer.title}, warm-up`, error);
      }
    }
  }

  async runRound(round: number): Promise<void> {
    for (const workload of this.#plan.chosenWorkloads)
      for (const [peer, running] of this.#running)
        if (takesPart(peer, workload) && !this.#signal.aborted)
          await this.#run(peer, running, workload, round);
  }

  result(): BenchResult {
    const versions = [...this.#running].map(([peer, { version }]) => [peer.name, version] as const);
    return {
      measurements: this.#measurements,
      failures: this.#failures,
      versions: Object.fromEntries(versions),
    };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map((running) => running.stop().catch(() => {})));
    const zooKeeper = await this.#zooKeeper?.catch(() => undefined);
    await zooKeeper?.stop();
  }

  async #run(peer: Peer, running: RunningPeer, workload: Workload, round: number): Promise<void> {
    const what = `${workload.name}, ${peer.name}, round ${round}`;
    try {
      const { profiles } = this.#plan;
      // With profiles each job has gateways of its own.
      if (profiles !== undefined) await running.scale(0);
      const zooKeeper = peer.usesZooKeeper ? await this.#warmServer() : undefined;
      const isProbed = zooKeeper !== undefined && workload.perSecond !== undefined;
      const probe = isProbed ? { probe: zooKeeper.address } : {};
      const job = { ...(await this.#job(peer, running, workload)), ...probe };
      const measurement = await measureJob(job, peer, running, zooKeeper, round, this.#signal);
      this.#measurements.push(measurement);
      this.#report(`${what}: ${described(measurement)}`);
    } catch (error) {
      if (!this.#signal.aborted) this.#fail(what, error);
    }
  }

  async #job(peer: Peer, running: RunningPeer, workload: Workload): Promise<Job> {
    const { warmUpMs, measuredMs } = this.#plan;
    const endpoint = await running.scale(workload.gateways, workload.farMs);
    const prefix = `bench-${randomBytes(4).toString('hex')}`;
    return { client: peer.client, endpoint, workload, prefix, warmUpMs, measuredMs };
  }

  #fail(what: string, error: unknown): void {
    const failure = `${what}: ${error instanceof Error ? error.message : error}`;
    this.#failures.push(failure);
    this.#report(`FAILED ${failure}`);
  }

  #warmServer(): Promise<WarmServer> {
    if (this.#zooKeeper === undefined) {
      const { zooKeeperWarmUpMs } = this.#plan;
      this.#report(`Starting ZooKeeper and warming it up for ${zooKeeperWarmUpMs / 1000} s`);
      this.#zooKeeper = startWarmServer(join(this.#directory, 'zookeeper-server'), zooKeeperWarmUpMs);
    }
    return this.#zooKeeper;
  }
}

/** One line. Pure. */
function described({ load, cores, otherCores, memory, store, transactions }: Measurement): string {
  const rate = `${Math.round(load.acked / load.seconds)} messages/s`;
  const latencies = Object.entries(load.latencies).map(
    ([kind, { p50Ms, p99Ms }]) => `${kind} ${p50Ms.toFixed(1)}/${p99Ms.toFixed(1)}`,
  );
  const shares = Object.entries({ ...cores, others: otherCores }).map(
    ([name, share]) => `${name} ${share.toFixed(2)}`,
  );
  const held = Object.entries(memory).map(([name, readings]) => `${name} ${readings.join(' ')}`);
  const sum = (name: 'reads' | 'writes' | 'conflicts' | 'bytesWritten') =>
    (store ?? []).reduce((total, counts) => total + counts[name], 0);
  const perMessage = (count: number) => (count / Math.max(1, load.acked)).toFixed(3);
  const writes =
    store === undefined
      ? ''
      : `; per message ${perMessage(sum('writes'))} writes, ${perMessage(sum('reads'))} reads, ${perMessage(sum('bytesWritten'))} bytes, ${perMessage(sum('conflicts'))} conflicts`;
  const all = transactions === undefined ? '' : `; ZooKeeper counts ${perMessage(transactions)} writes`;
  return `${rate}; p50/p99 ms: ${latencies.join(', ')}; cores: ${shares.join(', ')}; MiB: ${held.join(', ')}${writes}${all}`;
}
