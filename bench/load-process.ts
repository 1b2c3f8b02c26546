/** Runs one job in a load generator of its own, and tells when its measured time begins and ends. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Job, LoadMessage, LoadResult } from './job.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const program = ['--import', 'tsx', 'bench/load/main.ts'];

/**
 * @param onPhase is called as the measured time begins and ends
 * @throws Error when the job fails or takes longer than the limit
 */
export function runLoad(
  job: Job,
  limitMs: number,
  onPhase: (phase: 'begin' | 'end') => void,
  signal: AbortSignal,
): Promise<LoadResult> {
  const child = spawn(process.execPath, program, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
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
    child.once('exit', (code, by) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stopped);
      reject(new Error(`the load generator ended without a result (${code ?? by})`));
    });
    child.send(job);
  });
}
