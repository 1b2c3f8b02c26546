/** Runs one job in a load generator of its own, and tells when its measured time begins and ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Job, LoadMessage, LoadResult } from './job.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const program = ['--import', 'tsx', 'bench/load/main.ts'];

export interface LoadOptions {
  readonly limitMs: number;
  /** Is called as the measured time begins and ends. */
  readonly onPhase: (phase: 'begin' | 'end') => void;
  readonly signal: AbortSignal;
  /** Program and options of another load generator than ours. */
  readonly command?: readonly string[];
}

/** @throws Error when the job fails or takes longer than the limit */
export function runLoad(job: Job, { limitMs, onPhase, signal, command }: LoadOptions): Promise<LoadResult> {
  const child = command === undefined ? startOwn(job) : startOther(command);
  return new Promise((resolve, reject) => {
    const end = (reason: string) => () => {
      child.kill('SIGKILL');
      reject(new Error(reason));
    };
    const tooLong = end(`did not end within ${limitMs / 1000} s`);
    const stopped = end('stopped');
    const timer = setTimeout(tooLong, limitMs);
    signal.addEventListener('abort', stopped);
    child.on('message', (message: LoadMessage) => {
      if ('phase' in message) onPhase(message.phase);
      else if ('failure' in message) reject(new Error(message.failure));
      else resolve(message.result);
    });
    child.once('error', reject);
    child.once('close', (code, by) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stopped);
      reject(new Error(`the load generator ended without a result (${code ?? by})`));
    });
  });
}

function startOwn(job: Job): ChildProcess {
  const child = spawn(process.execPath, program, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.send(job);
  return child;
}

/** Its lines become messages. */
function startOther([file = '', ...options]: readonly string[]): ChildProcess {
  const child = spawn(file, options, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface(child.stdout).on('line', (line) => child.emit('message', JSON.parse(line)));
  return child;
}
