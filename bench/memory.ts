/** The memory of processes while they are measured, as Linux counts it: what is resident, in MiB. */
import { readFile } from 'node:fs/promises';

/** So many readings, evenly over the measured time: few enough to be read as a row. */
const readings = 10;

/** From `/proc/<pid>/status`; undefined when it does not tell. Pure. */
export function residentMiB(status: string): number | undefined {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
}

export class MemoryReadings {
  readonly #processes: Readonly<Record<string, number>>;
  readonly #everyMs: number;
  readonly #byProcess: Record<string, number[]> = {};
  #timer: NodeJS.Timeout | undefined;

  /** @param processes their ids, by name */
  constructor(processes: Readonly<Record<string, number>>, measuredMs: number) {
    this.#processes = processes;
    this.#everyMs = measuredMs / readings;
  }

  /** MiB by process, in the order of the readings. */
  get taken(): Readonly<Record<string, readonly number[]>> {
    return this.#byProcess;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#read(), this.#everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #read(): Promise<void> {
    for (const [name, pid] of Object.entries(this.#processes)) {
      const resident = residentMiB(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''));
      if (resident === undefined) continue;
      const known = this.#byProcess[name] ?? [];
      this.#byProcess[name] = known;
      known.push(Math.round(resident));
    }
  }
}
