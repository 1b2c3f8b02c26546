/** Prints the short results, and writes the page, its charts and all measurements as JSON. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchPlan, BenchResult } from '../bench-run.ts';
import { barChart } from './bar-chart.ts';
import { thisMachine } from './machine.ts';
import { type PageContent, resultsPage, shortResults } from './results-page.ts';
import { type Summary, summarize } from './summary.ts';

/** Of the charts and the JSON, beside the page. */
const folder = 'benchmarks';
const mainPeer = 'zoogate';

export async function writePage(
  plan: BenchPlan,
  result: BenchResult,
  report: (line: string) => void,
): Promise<void> {
  const content = contentOf(plan, result);
  report(`\n${shortResults(content)}\n`);
  if (plan.output === undefined) return;
  const directory = join(plan.output, folder);
  await mkdir(directory, { recursive: true });
  const charts = chartsOf(content);
  for (const [file, text] of Object.values(charts)) await writeFile(join(plan.output, file), text);
  const addresses = Object.fromEntries(Object.entries(charts).map(([name, [file]]) => [name, file]));
  const measured = { machine: content.machine, ...result };
  await writeFile(join(directory, 'results.json'), `${JSON.stringify(measured, undefined, 1)}\n`);
  const page = join(plan.output, 'benchmarks.md');
  await writeFile(page, resultsPage({ ...content, charts: addresses }));
  report(`Written: ${page}`);
}

function contentOf(plan: BenchPlan, { measurements, versions, failures }: BenchResult): PageContent {
  const summaries = summarize(measurements);
  const isMeasured = (key: 'peer' | 'workload', name: string) =>
    summaries.some((summary) => summary[key] === name);
  return {
    machine: thisMachine(),
    rounds: plan.rounds,
    measuredSeconds: plan.measuredMs / 1000,
    warmUpSeconds: plan.warmUpMs / 1000,
    zooKeeperWarmUpSeconds: plan.zooKeeperWarmUpMs / 1000,
    peerWarmUpSeconds: plan.peerWarmUpMs / 1000,
    peers: plan.chosenPeers
      .filter(({ name }) => isMeasured('peer', name))
      .map(({ name, title, settings }) => ({ name, title, settings, version: versions[name] ?? '' })),
    workloads: plan.chosenWorkloads.filter(({ name }) => isMeasured('workload', name)),
    summaries,
    failures,
    charts: {},
  };
}

/** File and text of each, by the workload's name; none where there is nothing to compare. */
function chartsOf(content: PageContent): Record<string, readonly [file: string, text: string]> {
  const { peers, workloads, summaries } = content;
  const titleOf = (name: string) => peers.find((peer) => peer.name === name)?.title ?? name;
  const bar = ({ peer, perSecond }: Summary) => ({
    label: titleOf(peer),
    value: perSecond,
    isMain: peer === mainPeer,
  });
  return Object.fromEntries(
    workloads.flatMap(({ name, title }) => {
      const own = summaries.filter(({ workload }) => workload === name);
      if (own.length < 2 || name === 'paced' || name === 'wake-up') return [];
      return [
        [name, [`${folder}/${name}.svg`, barChart(title, 'messages per second', own.map(bar))]] as const,
      ];
    }),
  );
}
