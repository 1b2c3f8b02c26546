/** `npm run bench`: reads the options, measures, prints the tables, and writes the results page. */
import { runBench } from './bench-run.ts';
import { assertKnown, type BenchOptions, parseOptions, usage } from './options.ts';
import { writePage } from './page/write-page.ts';
import { chosenPeers } from './peers/chosen-peers.ts';
import { peers } from './peers/index.ts';
import { namedWorkloads, quickWorkloads, type Workload, workloads } from './workloads.ts';

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());

try {
  const options = parseOptions(process.argv.slice(2));
  const report = (line: string) => console.log(line);
  const plan = {
    ...options,
    chosenPeers: chosenPeers(peers, options, report),
    chosenWorkloads: chosenWorkloads(options),
  };
  const result = await runBench(plan, report, stopping.signal);
  // Half of the figures must not replace a page that has all of them.
  if (stopping.signal.aborted) process.exit(1);
  await writePage(plan, result, report);
  process.exit(result.failures.length === 0 ? 0 : 1);
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  process.exit(1);
}

function chosenWorkloads(options: BenchOptions): Workload[] {
  const ordinary = workloads.filter(({ isOption }) => isOption !== true).map(({ name }) => name);
  const names = options.workloads ?? (options.isQuick ? quickWorkloads : ordinary);
  assertKnown(
    'workload',
    names,
    workloads.map(({ name }) => name),
  );
  return namedWorkloads(names);
}
