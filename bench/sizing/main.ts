/** `npm run sizing`: reads the options, measures, and prints the tables of `docs/sizing.md`. */

import { thisMachine } from '../page/machine.ts';
import { measureGatewayMemory } from './gateway-memory.ts';
import { parseSizingOptions, usage } from './options.ts';
import { inOwnDirectory, measureSizes } from './sizing-run.ts';
import { gatewayTable, sizesTable } from './sizing-table.ts';

const stopping = new AbortController();
// Several may come, from the terminal and from npm; what was started is stopped in any case.
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stopping.abort());

try {
  const options = parseSizingOptions(process.argv.slice(2));
  const sizings = await measureSizes(options, (line) => console.log(line), stopping.signal);
  const memory = await inOwnDirectory((directory) =>
    measureGatewayMemory(directory, options.waiting, stopping.signal),
  );
  const { java, zooKeeper, node } = thisMachine();
  console.log(`\n${zooKeeper}, ${java}, Node.js ${node}`);
  console.log(`\n${sizesTable(sizings)}\n\n${gatewayTable(memory)}`);
  process.exit(stopping.signal.aborted ? 1 : 0);
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  process.exit(1);
}
