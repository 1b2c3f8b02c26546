/** A process that simulates: it is given seeds one after the other, and tells what came of each. */
import { simulate } from './simulation.ts';

process.on('message', (seed: string) => {
  void simulate(seed).then((run) => process.send?.(run));
});
process.on('disconnect', () => process.exit());
