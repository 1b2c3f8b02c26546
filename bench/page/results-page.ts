/** The results as a page in Markdown. Pure. */
import type { Machine } from './machine.ts';
import type { Spread } from './statistics.ts';
import type { Summary } from './summary.ts';
import { markdownTable, numberText, shareText, spreadText } from './table.ts';

export interface PagePeer {
  readonly name: string;
  readonly title: string;
  readonly settings: string;
  readonly version: string;
}

export interface PageContent {
  readonly machine: Machine;
  readonly rounds: number;
  readonly measuredSeconds: number;
  readonly warmUpSeconds: number;
  readonly zooKeeperWarmUpSeconds: number;
  readonly peerWarmUpSeconds: number;
  readonly peers: readonly PagePeer[];
  readonly workloads: readonly { readonly name: string; readonly title: string }[];
  readonly summaries: readonly Summary[];
  readonly failures: readonly string[];
  /** Of the charts, by the workload's name. */
  readonly charts: Readonly<Record<string, string>>;
}

/** Of others' work, beyond which figures say little. */
const disturbedCores = 0.2;

export function resultsPage(content: PageContent): string {
  return `${[
    '# Benchmarks',
    introduction(content),
    '## Messages per second',
    rates(content),
    ...content.workloads.flatMap(({ name, title }) =>
      content.charts[name] === undefined ? [] : [`![${title}](${content.charts[name]})`],
    ),
    '## Latencies',
    'Median and 99th percentile in ms. A receive that found nothing is not counted.',
    latencies(content),
    ...pacedAndWoken(content),
    ...backlogs(content),
    ...storeTables(content),
    '## Processors and memory',
    `Whole processors at work for each process (the machine has ${content.machine.processors}), and the memory that it held.`,
    processors(content),
    '## What was measured',
    peersTable(content),
    ...(content.failures.length === 0 ? [] : ['## What failed', content.failures.map(firstLine).join('\n')]),
  ].join('\n\n')}\n`;
}

/** For a terminal. */
export function shortResults(content: PageContent): string {
  return [rates(content), ...pacedAndWoken(content), ...backlogs(content), ...storeTables(content)].join(
    '\n\n',
  );
}

function introduction(content: PageContent): string {
  const { machine, rounds, measuredSeconds, warmUpSeconds, summaries } = content;
  const { zooKeeperWarmUpSeconds, peerWarmUpSeconds } = content;
  const peers =
    peerWarmUpSeconds === 0
      ? ''
      : `, each peer with 1 + 1 and 16 + 16 clients for ${numberText(peerWarmUpSeconds)} s each`;
  const others = Math.max(0, ...summaries.map(({ otherCores }) => otherCores.max));
  const disturbed =
    others > disturbedCores
      ? `**Other programs used up to ${numberText(others)} processors meanwhile: all figures are lower than they would be on a quiet machine, and only their relations mean something.**`
      : `Other programs used at most ${numberText(others)} processors meanwhile.`;
  return [
    `Written by \`npm run bench\`. Bodies have 256 bytes; each message is published, received and acked. Servers and load generator share ${machine.processors} processors (${machine.model}, ${machine.memoryGiB} GiB, ${machine.system}); Node.js ${machine.node}, ${machine.java}, ${machine.zooKeeper}.`,
    `Rounds: ${rounds}, in each of which all take turns, ${numberText(measuredSeconds)} s each after ${numberText(warmUpSeconds)} s of the same load; ZooKeeper was warmed up for ${numberText(zooKeeperWarmUpSeconds)} s${peers}. Figures are medians, with the lowest and the highest round in parentheses.`,
    disturbed,
    'What they come from, and what limits them: [performance.md](performance.md).',
  ].join('\n\n');
}

function rates({ peers, workloads, summaries }: PageContent): string {
  const rows = workloads.map(({ name, title }) => [
    title,
    ...peers.map((peer) => cell(find(summaries, peer.name, name)?.perSecond)),
  ]);
  return markdownTable(['workload', ...peers.map(({ title }) => title)], rows);
}

function latencies({ peers, workloads, summaries }: PageContent): string {
  const rows = everyPair(peers, workloads, summaries).map(({ peer, workload, summary }) => [
    `${workload.title}: ${peer.title}`,
    ...(['publish', 'receive', 'ack'] as const).map((kind) => latencyText(summary.latencies[kind])),
  ]);
  return markdownTable(['workload', 'publish', 'receive', 'ack'], rows);
}

function pacedAndWoken({ peers, workloads, summaries }: PageContent): string[] {
  const unhurried = workloads.filter(({ name }) => name === 'paced' || name === 'wake-up');
  const rows = everyPair(peers, unhurried, summaries).map(({ peer, workload, summary }) => [
    `${workload.title}: ${peer.title}`,
    latencyText(summary.latencies.endToEnd),
    latencyText(summary.latencies.zooKeeperWrite),
  ]);
  if (rows.length === 0) return [];
  return [
    '## From publish to receive',
    'In ms, from before the publish until the consumer has the message, beside a ZooKeeper write under the same load. In the wake-up of zoogate the consumer waits at another gateway than the producer uses.',
    markdownTable(['workload', 'publish to receive', 'ZooKeeper write'], rows),
  ];
}

function storeTables({ peers, workloads, summaries }: PageContent): string[] {
  const rows = everyPair(peers, workloads, summaries).flatMap(({ peer, workload, summary }) => {
    const { store, receiveShares, transactions } = summary;
    if (transactions === undefined) return [];
    const requests = [store?.reads, store?.bytesWritten].map(cell);
    const lost = store === undefined ? '' : shareText(store.conflicts);
    const shares = receiveShares.length < 2 ? '' : receiveShares.map(shareText).join(', ');
    return [[`${workload.title}: ${peer.title}`, cell(transactions), ...requests, lost, shares]];
  });
  if (rows.length === 0) return [];
  const head = [
    'workload',
    'transactions',
    'reads',
    'bytes written',
    'lost comparisons',
    'receives by gateway',
  ];
  return [
    '## What a message costs ZooKeeper',
    "Transactions are the server's own count, for each message. What follows them is counted by the gateways: reads and bytes written for each message, the share of writes that lost a comparison, and each gateway's share of the receives.",
    markdownTable(head, rows),
  ];
}

function backlogs({ peers, workloads, summaries }: PageContent): string[] {
  const rows = everyPair(peers, workloads, summaries).flatMap(({ peer, workload, summary }) =>
    summary.fillPerSecond === undefined
      ? []
      : [[`${workload.title}: ${peer.title}`, cell(summary.fillPerSecond), cell(summary.perSecond)]],
  );
  if (rows.length === 0) return [];
  return [
    '## Backlogs',
    'Messages per second while the backlog was published, in batches of 100, and while it was received.',
    markdownTable(['workload', 'published', 'received and acked'], rows),
  ];
}

function processors({ peers, workloads, summaries }: PageContent): string {
  const rows = everyPair(peers, workloads, summaries).map(({ peer, workload, summary }) => {
    const { load, ...servers } = summary.cores;
    const texts = Object.entries(servers).map(([name, value]) => `${name} ${numberText(value.median)}`);
    const memory = Object.entries(summary.memory).map(
      ([name, { median }]) => `${name} ${Math.round(median)}`,
    );
    const what = `${workload.title}: ${peer.title}`;
    return [what, texts.join(', '), cell(load), cell(summary.otherCores), memory.join(', ')];
  });
  return markdownTable(['workload', 'servers', 'load generator', 'other programs', 'servers, MiB'], rows);
}

function peersTable({ peers }: PageContent): string {
  return markdownTable(
    ['name', 'version', 'settings'],
    peers.map(({ title, version, settings }) => [title, version, settings]),
  );
}

function everyPair<Named extends { readonly name: string }>(
  peers: readonly PagePeer[],
  workloads: readonly Named[],
  summaries: readonly Summary[],
) {
  return workloads.flatMap((workload) =>
    peers.flatMap((peer) => {
      const summary = find(summaries, peer.name, workload.name);
      return summary === undefined ? [] : [{ peer, workload, summary }];
    }),
  );
}

function find(summaries: readonly Summary[], peer: string, workload: string): Summary | undefined {
  return summaries.find((summary) => summary.peer === peer && summary.workload === workload);
}

function latencyText(latency: Summary['latencies']['publish']): string {
  return latency === undefined
    ? ''
    : `${numberText(latency.p50Ms.median)} / ${numberText(latency.p99Ms.median)}`;
}

function cell(value: Spread | undefined): string {
  return value === undefined ? '' : spreadText(value);
}

function firstLine(failure: string): string {
  return `- ${failure.split('\n')[0]}`;
}
