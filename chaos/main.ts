/** `npm run chaos`: reads the options, runs what they say, and ends with 0 when the verdict is clean. */
import { writeFile } from 'node:fs/promises';
import { runChaos } from './chaos-run.ts';
import { parseOptions, usage } from './options.ts';
import { faultTable } from './report.ts';

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());

try {
  const options = parseOptions(process.argv.slice(2), Date.now() % 1_000_000);
  const common = {
    program: 'build' as const,
    report: (line: string) => console.log(line),
    signal: stopping.signal,
  };
  const result = await runChaos({ ...options, ...common });
  console.log(
    `\n${faultTable(result.faults)}\n\n${JSON.stringify({ ...result.load, nginx: result.nginx }, undefined, 2)}\n`,
  );
  for (const violation of result.violations.slice(0, 50)) console.log(`violation: ${violation}`);
  console.log(`verdict: ${result.verdict}, ${result.violations.length} violations, seed ${result.seed}`);
  if (options.output !== undefined)
    await writeFile(options.output, `${JSON.stringify(result, undefined, 2)}\n`);
  process.exit(result.verdict === 'clean' ? 0 : 1);
} catch (error) {
  console.error(error instanceof Error ? error.message : error, `\n\n${usage}`);
  process.exit(1);
}
