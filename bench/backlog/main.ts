/**
 * `npm run backlog -- [--messages N]`: queues very many messages singly, and receives and acks them singly again; tells
 * whether anything became slower, or grew, with what was queued.
 */
import { parseArgs } from 'node:util';
import { thisMachine } from '../page/machine.ts';
import { inOwnDirectory } from '../sizing/sizing-run.ts';
import { runBacklog } from './backlog-run.ts';
import { backlogTable, summaryOf } from './backlog-table.ts';

const usage = 'npm run backlog -- [--messages N]';
const messagesMin = 10_000;
const messagesMax = 10_000_000;

const stopping = new AbortController();
// Several may come, from the terminal and from npm; what was started is stopped in any case.
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stopping.abort());

try {
  const { values } = parseArgs({ options: { messages: { type: 'string', default: '1000000' } } });
  const messages = Number(values.messages);
  if (!Number.isInteger(messages) || messages < messagesMin || messages > messagesMax)
    throw new Error(
      `--messages takes a number from ${messagesMin} to ${messagesMax}, not "${values.messages}"`,
    );
  const result = await inOwnDirectory((directory) =>
    runBacklog(directory, messages, (line) => console.log(line), stopping.signal),
  );
  const { java, zooKeeper, node } = thisMachine();
  console.log(`\n${zooKeeper}, ${java}, Node.js ${node}`);
  console.log(`\n${backlogTable(result)}\n\n${summaryOf(result).join('\n')}`);
  process.exit();
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  process.exit(1);
}
