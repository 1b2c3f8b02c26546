/** Runs simulations in several processes, as many as there are processors, and tells of each as it ends. */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Run } from './simulation.ts';

export interface CrewOptions {
  readonly seeds: Iterable<string>;
  /** Told of each run that has ended; false ends the work early. */
  readonly onRun: (run: Run) => boolean;
  /** The compiled `worker.ts`, of this or of another version of the program. */
  readonly worker?: string;
}

/**
 * Nearly all garbage is young: more room for it saves a tenth of the time. There are as many processes as processors, so
 * threads that collect beside them would only be in their way.
 */
const EXEC_ARGV = ['--min-semi-space-size=64', '--max-semi-space-size=128', '--single-threaded-gc'];

/** A run takes a tenth of a second. What goes round without an event between never comes to an end by itself. */
const RUN_LIMIT_MS = 120_000;

/**
 * Resolves when all seeds have had their run, or `onRun` has ended the work. Rejects when a process dies, or a run does
 * not end.
 */
export async function runCrew({ seeds, onRun, worker }: CrewOptions): Promise<void> {
  const left = seeds[Symbol.iterator]();
  const script = worker ?? fileURLToPath(new URL('./worker.js', import.meta.url));
  let ended = false;
  const work = (child: ChildProcess) =>
    new Promise<void>((resolve, reject) => {
      let limit: NodeJS.Timeout;
      const next = () => {
        const seed = ended ? undefined : left.next();
        if (seed === undefined || seed.done) {
          resolve();
          return;
        }
        child.send(seed.value);
        limit = setTimeout(() => {
          child.kill('SIGKILL');
          reject(new Error(`The run of seed ${seed.value} does not end.`));
        }, RUN_LIMIT_MS).unref();
      };
      child.on('message', (run: Run) => {
        clearTimeout(limit);
        if (!ended && !onRun(run)) ended = true;
        next();
      });
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`a simulating process ended with ${code}`)));
      next();
    });
  const children = Array.from({ length: availableParallelism() }, () =>
    fork(script, { execArgv: EXEC_ARGV }),
  );
  try {
    await Promise.all(children.map(work));
  } finally {
    for (const child of children) if (child.connected) child.disconnect();
  }
}
