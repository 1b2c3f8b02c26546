/**
 * The run: a cluster under load, one fault after the other, and a verdict when everything has been healed and drained.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { call } from '../test/support/transaction-pipeline.ts';
import { Cluster, type ClusterOptions } from './cluster.ts';
import { brokenExpectations, type FaultMeasure } from './expectations.ts';
import type { Fault } from './fault.ts';
import { faultsNamed } from './faults/index.ts';
import { complaints } from './nginx-server.ts';
import { Probe } from './probe.ts';
import { faultLine } from './report.ts';
import { type PlannedFault, plannedFaults } from './schedule.ts';
import { seededRandom } from './seeded-random.ts';
import { differencesOfServers } from './server-trees.ts';
import { countsBetween, type Tally } from './tally.ts';
import { tidyViolations } from './tree.ts';
import { longestGapMs } from './unavailability.ts';
import { Workload } from './workload.ts';

export interface ChaosRunOptions extends ClusterOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly faults?: readonly string[];
  readonly report: (line: string) => void;
  /** Ends it early: it heals, drains and judges what there was. */
  readonly signal?: AbortSignal;
}

export interface ChaosResult {
  readonly verdict: 'clean' | 'violations';
  readonly seed: number;
  readonly seconds: number;
  readonly sessionTimeoutMs: number;
  readonly violations: readonly string[];
  readonly faults: readonly FaultMeasure[];
  readonly load: Record<string, unknown>;
  /** Lines of nginx's error log. */
  readonly nginx: Readonly<Record<string, number>>;
}

/** Before the first fault and after the last, so that there is something to compare with. */
const calmMs = 2_000;
/** Nodes that may be left of each log, besides the constant number that each resource has. */
const nodesPerResource = 40;
/** Of the broker itself. */
const nodesOfBroker = 20;

export async function runChaos(options: ChaosRunOptions): Promise<ChaosResult> {
  const { seconds, seed, report, signal } = options;
  const faults = faultsNamed(options.faults);
  const startMs = performance.now();
  const cluster = await Cluster.start(options);
  try {
    const workload = new Workload(cluster);
    const probe = new Probe(
      cluster.nginx.url,
      cluster.gateways.map(({ url }) => url),
    );
    await call('PUT', probe.queueUrl);
    await workload.start();
    probe.start();
    const { sessionTimeoutMs } = cluster;
    report(`three servers, three gateways and nginx run; seed ${seed}, sessions of ${sessionTimeoutMs} ms`);
    const measures: FaultMeasure[] = [];
    const found: string[] = [];
    try {
      await sleep(calmMs);
      const endMs = performance.now() + seconds * 1000;
      const random = seededRandom(seed + 1);
      for (const planned of plannedFaults(seed, faults)) {
        const isRoundDone = measures.length >= faults.length;
        if (signal?.aborted === true || (isRoundDone && performance.now() > endMs)) break;
        const fault = faults.find(({ name }) => name === planned.name);
        if (fault === undefined) throw new Error(`${planned.name} is planned, and not there`);
        const measure = await bringAbout(fault, planned, { cluster, probe, tally: workload.tally, random });
        measures.push(measure);
        report(faultLine(measure, (performance.now() - startMs) / 1000));
        found.push(...brokenExpectations(measure, sessionTimeoutMs));
      }
      await sleep(calmMs);
    } catch (error) {
      // What follows judges what there was; that it came to this is a finding of its own.
      found.push(`the run was ended by: ${error instanceof Error ? error.message : String(error)}`);
    }
    await probe.stop();
    report('all faults are over; waiting until everything has arrived');
    found.push(...(await workload.finish()));
    found.push(...(await differencesOfServers(cluster)));
    report('everything has arrived; waiting until everything is tidied up');
    found.push(...(await tidiness(cluster, workload, probe)));
    found.push(...cluster.gateways.flatMap(({ surprises }) => surprises));
    const took = (performance.now() - startMs) / 1000;
    return {
      verdict: found.length === 0 ? 'clean' : 'violations',
      seed,
      seconds: Math.round(took),
      sessionTimeoutMs,
      violations: found,
      faults: measures,
      load: workload.summary(),
      nginx: complaints(await cluster.nginx.log()),
    };
  } finally {
    await cluster.stop();
  }
}

interface Scene {
  readonly cluster: Cluster;
  readonly probe: Probe;
  readonly tally: Tally;
  readonly random: () => number;
}

/** The fault, its end, and the recovery from it; what it meant to those who are served is counted until then. */
async function bringAbout(fault: Fault, planned: PlannedFault, scene: Scene): Promise<FaultMeasure> {
  const { cluster, probe, tally, random } = scene;
  await sleep(planned.gapMs);
  const fromMs = performance.now();
  const before = { nginx: tally.counts('nginx'), gateway: tally.counts('gateway') };
  const firstFailure = tally.failures.length;
  const firstSample = probe.samples.length;
  const inFlightAtNginx = tally.inFlight('nginx');
  const { what, heal } = await fault.inject(cluster, random);
  await sleep(planned.lastsMs);
  await heal();
  await cluster.whenHealthy();
  await sleep(calmMs);
  const untilMs = performance.now();
  const published = probe.samples.slice(firstSample).filter(({ verb }) => verb === 'publish');
  const failures: Record<string, number> = {};
  for (const { via, code } of tally.failures.slice(firstFailure)) {
    if (via === 'nginx') failures[code] = (failures[code] ?? 0) + 1;
  }
  return {
    name: fault.name,
    what,
    unavailableMs: {
      nginx: longestGapMs(
        published.filter(({ via }) => via === 'nginx'),
        fromMs,
        untilMs,
      ),
      anywhere: longestGapMs(published, fromMs, untilMs),
    },
    requests: {
      nginx: countsBetween(before.nginx, tally.counts('nginx')),
      gateway: countsBetween(before.gateway, tally.counts('gateway')),
    },
    inFlightAtNginx,
    secondsTaken: (untilMs - fromMs) / 1000,
    failures,
  };
}

/** What is left when everything has been acked, and when everything has been deleted. */
async function tidiness(cluster: Cluster, workload: Workload, probe: Probe): Promise<string[]> {
  const { url } = cluster.nginx;
  await call('DELETE', probe.queueUrl);
  const { resources } = workload;
  const found = await tidyViolations(cluster, nodesOfBroker + resources.length * nodesPerResource);
  for (const resource of resources) await call('DELETE', `${url}/v1/${resource}`);
  const isGone = (paths: readonly string[]) => !paths.some((path) => /^\/(data|trash|topics)\//.test(path));
  return [...found, ...(await tidyViolations(cluster, nodesOfBroker, isGone))];
}
