/** `npm run chaos`: reads the options, runs what they say, and ends with 0 when the verdict is clean. */
import { writeFile } from 'node:fs/promises';
import { runChaos } from './chaos-run.ts';
import { runChurn } from './churn.ts';
import { type ChaosOptions, parseOptions, usage } from './options.ts';
import { faultTable } from './report.ts';
import { runSoak, soakTable } from './soak.ts';

interface Result {
  readonly verdict: 'clean' | 'violations';
  readonly violations: readonly string[];
}

const violationsShown = 50;
const stopping = new AbortController();
const common = {
  report: (line: string) => console.log(line),
  signal: stopping.signal,
};
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());

try {
  const options = parseOptions(process.argv.slice(2), Date.now() % 1_000_000);
  const result = await run(options);
  for (const violation of result.violations.slice(0, violationsShown)) console.log(`violation: ${violation}`);
  console.log(`verdict: ${result.verdict}, ${result.violations.length} violations`);
  if (options.output !== undefined) {
    await writeFile(options.output, `${JSON.stringify(result, undefined, 2)}\n`);
  }
  process.exit(result.verdict === 'clean' ? 0 : 1);
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  process.exit(1);
}

async function run(options: ChaosOptions): Promise<Result> {
  const { soak, churn } = options;
  if (!soak && churn === undefined) return chaos(options);
  const parts: Result[] = [];
  if (soak) {
    const result = await runSoak({ ...options, ...common });
    console.log(`\n${soakTable(result)}\n\n${result.requests} requests, ${result.failures} failed`);
    parts.push(result);
  }
  if (churn !== undefined) {
    const result = await runChurn({ churn, ...common });
    console.log(`${result.queues} queues: ${result.nodesBefore} nodes before, ${result.nodesAfter} after`);
    parts.push(result);
  }
  const violations = parts.flatMap((part) => part.violations);
  return {
    ...Object.assign({}, ...parts),
    verdict: violations.length === 0 ? 'clean' : 'violations',
    violations,
  };
}

async function chaos(options: ChaosOptions): Promise<Result> {
  const result = await runChaos({ ...options, ...common });
  const happened = { ...result.load, nginx: result.nginx };
  console.log(`\n${faultTable(result.faults)}\n\n${JSON.stringify(happened, undefined, 2)}\n`);
  console.log(`seed ${result.seed}, ${result.seconds} s`);
  return result;
}
