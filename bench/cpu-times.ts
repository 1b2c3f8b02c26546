/** Processor time of processes and of the machine, as Linux counts it. */
import { readdir, readFile } from 'node:fs/promises';

/** Linux counts in hundredths of a second on all machines that we know. */
const ticksPerSecond = 100;

/** Of the process, in seconds. Pure. */
export function processSeconds(stat: string): number {
  // After the program's name, which may have spaces and parentheses in it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** In which all processors together were at work, in seconds, from `/proc/stat`. Pure. */
export function machineSeconds(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, soft = 0] = (stat.split('\n')[0] ?? '')
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + interrupts + soft) / ticksPerSecond;
}

export interface CpuTimes {
  readonly processes: Readonly<Record<string, number>>;
  readonly machine: number;
}

/** Of the named processes, and of the whole machine. Zero where the system does not tell. */
export async function readCpuTimes(processes: Readonly<Record<string, number>>): Promise<CpuTimes> {
  const entries = Object.entries(processes).map(async ([name, pid]) => {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    return [name, stat === undefined ? 0 : processSeconds(stat)] as const;
  });
  const machine = await readFile('/proc/stat', 'utf8').catch(() => '');
  return { processes: Object.fromEntries(await Promise.all(entries)), machine: machineSeconds(machine) };
}

/** The process and all that it started that still run. */
export async function withDescendants(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = threads.map((thread) =>
    readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => ''),
  );
  const children = (await Promise.all(lists)).flatMap((list) => list.split(' ').filter(Boolean).map(Number));
  return [pid, ...(await Promise.all(children.map(withDescendants))).flat()];
}
