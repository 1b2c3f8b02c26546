/** What all shapes of load need while they run. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../client.ts';
import type { Job } from '../job.ts';
import type { Meter } from './meter.ts';

export interface Run {
  readonly job: Job;
  readonly client: Client;
  readonly meter: Meter;
  readonly queues: readonly string[];
  /** Tell that the measured time begins and ends. */
  begin(): void;
  end(): void;
}

/** Warms up, then measures. Ends early when the work fails. */
export async function measure(run: Run, work: Promise<unknown>): Promise<void> {
  const { warmUpMs, measuredMs } = run.job;
  // The work ends by itself only when it fails.
  await Promise.race([sleep(warmUpMs), work]);
  run.begin();
  await Promise.race([sleep(measuredMs), work]);
  run.end();
}

/** The address that the client with this number uses. */
export function addressOf(run: Run, index: number): number {
  return index % run.job.endpoint.addresses.length;
}
