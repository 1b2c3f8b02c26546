/**
 * A rolling upgrade under load, as operators do it, its rollback, and the upgrade again: three servers, three gateways of
 * two versions, and nginx before them. Each mixture of versions works for a while. Nothing may be lost, nothing
 * delivered twice but after the end of a lease, and no request through nginx may fail.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from './cluster.ts';
import { complaints } from './nginx-server.ts';
import { differencesOfServers } from './server-trees.ts';
import { countsBetween } from './tally.ts';
import { Workload } from './workload.ts';

export interface Version {
  readonly name: string;
  /** Of a clone in which it is built. */
  readonly directory: string;
}

export interface UpgradeOptions {
  readonly earlier: Version;
  readonly present: Version;
  /** How long each mixture of versions is kept. */
  readonly mixedMs: number;
  readonly report: (line: string) => void;
}

export interface UpgradeResult {
  readonly violations: readonly string[];
  readonly load: Record<string, unknown>;
}

export async function runUpgrade(options: UpgradeOptions): Promise<UpgradeResult> {
  const { earlier, present, report } = options;
  const cluster = await Cluster.start({ directory: earlier.directory });
  try {
    report(`three servers, nginx and three gateways of ${earlier.name} run`);
    const workload = new Workload(cluster);
    await workload.start();
    const found: string[] = [];
    try {
      await sleep(options.mixedMs);
      for (const to of [present, earlier, present])
        found.push(...(await roll(cluster, workload, to, options)));
    } catch (error) {
      // What follows judges what there was; that it came to this is a finding of its own.
      found.push(`the run was ended by: ${error instanceof Error ? error.message : String(error)}`);
    }
    report('waiting until everything has arrived');
    found.push(...(await workload.finish()));
    found.push(...(await differencesOfServers(cluster)));
    found.push(...cluster.gateways.flatMap(({ surprises }) => surprises));
    const load = { ...workload.summary(), nginx: complaints(await cluster.nginx.log()) };
    return { violations: found, load };
  } finally {
    await cluster.stop();
  }
}

/** One gateway after the other; returns what went wrong meanwhile, in sentences. */
async function roll(
  cluster: Cluster,
  { tally }: Workload,
  to: Version,
  { mixedMs, report }: UpgradeOptions,
): Promise<string[]> {
  const before = tally.counts('nginx');
  const firstFailure = tally.failures.length;
  for (const gateway of cluster.gateways) {
    await gateway.stop();
    gateway.launch(to.directory);
    await gateway.whenReady();
    await sleep(mixedMs);
  }
  const { done, refused, unknown } = countsBetween(before, tally.counts('nginx'));
  const failures = tally.failures.slice(firstFailure).filter(({ via }) => via === 'nginx');
  report(`all gateways are of ${to.name} now: ${done} requests through nginx, ${refused + unknown} failed`);
  if (failures.length === 0) return [];
  const codes = [...new Set(failures.map(({ kind, code }) => `${kind} ${code}`))].join(', ');
  return [`on the way to ${to.name}, ${failures.length} requests through nginx failed: ${codes}`];
}
