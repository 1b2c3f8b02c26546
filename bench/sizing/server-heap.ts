/** What a Java process holds in its heap: of live objects alone, for a collection goes before. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const outputBytesMax = 16 * 1024 * 1024;

/** In bytes. @throws Error when the JDK's `jcmd` is missing */
export async function liveHeapBytes(pid: number): Promise<number> {
  const { stdout } = await run('jcmd', [String(pid), 'GC.class_histogram'], { maxBuffer: outputBytesMax });
  return histogramTotal(stdout);
}

/** From the last line of a class histogram, in bytes. Pure. */
export function histogramTotal(histogram: string): number {
  const total = /^Total\s+\d+\s+(\d+)\s*$/m.exec(histogram)?.[1];
  if (total === undefined) throw new Error(`no class histogram: ${JSON.stringify(histogram.slice(0, 200))}`);
  return Number(total);
}
