/** A steady load without faults, and whether the processes grow under it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, type ClusterOptions } from './cluster.ts';
import { openFiles, residentBytes, serverMeasures } from './process-measures.ts';
import { table } from './report.ts';
import { type Allowance, type Growth, growthOf, median } from './soak-verdict.ts';
import { SteadyLoad } from './steady-load.ts';

export interface SoakOptions extends ClusterOptions {
  readonly seconds: number;
  readonly report: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface SoakResult {
  readonly verdict: 'clean' | 'violations';
  readonly violations: readonly string[];
  readonly requests: number;
  readonly failures: number;
  /** Medians of the two halves, by measure. */
  readonly growth: Readonly<Record<string, Growth>>;
  readonly samples: Readonly<Record<string, readonly number[]>>;
}

const sampleMs = 5_000;
const mebibyte = 1024 * 1024;

/** What a measure may fluctuate by: memory with garbage, connections and watches with who happens to wait. */
const allowances: Readonly<Record<string, Allowance>> = {
  'RSS MiB': { share: 0.1, absolute: 12 },
  'heap MiB': { share: 0.1, absolute: 3 },
  'open files': { share: 0.1, absolute: 6 },
  watches: { share: 0.1, absolute: 12 },
  znodes: { share: 0.1, absolute: 60 },
};

export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const { seconds, report, signal } = options;
  const cluster = await Cluster.start({ ...options, measuresHeap: true });
  try {
    const urls = [cluster.nginx.url, ...cluster.gateways.map(({ url }) => url)];
    const load = new SteadyLoad(urls, 'soak');
    await load.start();
    const samples: Record<string, number[]> = {};
    const endMs = performance.now() + seconds * 1000;
    while (performance.now() < endMs && signal?.aborted !== true) {
      await sleep(sampleMs);
      const sample = await measure(cluster);
      for (const [name, value] of Object.entries(sample)) {
        samples[name] ??= [];
        samples[name].push(value);
      }
      report(`${new Date().toISOString()} ${load.done} requests ${JSON.stringify(sample)}`);
    }
    await load.stop();
    return judge(samples, load);
  } finally {
    await cluster.stop();
  }
}

export function soakTable(result: SoakResult): string {
  const rows = Object.entries(result.samples).map(([name, values]) => {
    const growth = result.growth[name];
    const shown =
      growth === undefined ? [median(values), '', ''] : [growth.first, growth.second, growth.grows];
    const cells = shown.map((cell) => (typeof cell === 'number' ? round(cell) : String(cell)));
    return [name, round(Math.min(...values)), round(Math.max(...values)), ...cells];
  });
  return table(['measure', 'least', 'most', 'first half', 'second half', 'grows'], rows);
}

/** By name: `<measure>` of the ensemble, `<measure>, <gateway>` of each gateway. */
async function measure(cluster: Cluster): Promise<Record<string, number>> {
  const sample: Record<string, number> = {};
  for (const { name, process, heapBytes } of cluster.gateways) {
    sample[`RSS MiB, ${name}`] = round((await residentBytes(process.pid)) / mebibyte);
    sample[`heap MiB, ${name}`] = round(heapBytes / mebibyte);
    sample[`open files, ${name}`] = await openFiles(process.pid);
  }
  const servers = await Promise.all(cluster.servers.map(serverMeasures));
  sample.watches = servers.reduce((sum, { watches }) => sum + watches, 0);
  sample.znodes = Math.max(...servers.map(({ nodes }) => nodes));
  sample['latency ms'] = round(Math.max(...servers.map(({ averageLatencyMs }) => averageLatencyMs)));
  return sample;
}

function judge(samples: Readonly<Record<string, readonly number[]>>, load: SteadyLoad): SoakResult {
  const growth: Record<string, Growth> = {};
  const found: string[] = [];
  for (const [name, values] of Object.entries(samples)) {
    const allowance = allowances[name.split(',')[0] ?? ''];
    const grown = allowance === undefined ? undefined : growthOf(values, allowance);
    if (grown === undefined) continue;
    growth[name] = grown;
    if (grown.grows) found.push(`${name} grew from ${round(grown.first)} to ${round(grown.second)}`);
  }
  if (load.failures > 0) found.push(`${load.failures} requests failed`);
  return {
    verdict: found.length === 0 ? 'clean' : 'violations',
    violations: found,
    requests: load.done,
    failures: load.failures,
    growth,
    samples,
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
