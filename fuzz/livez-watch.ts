/**
 * A program of its own that asks a gateway again and again whether it is alive, and tells its parent how long the answer
 * took. Time in which the machine had no processor for the gateway, or for this program, does not count, nor more than the
 * gateway has worked meanwhile: a machine with too much to do is no defect of the gateway. (Only Linux tells.)
 *
 * Arguments: the URL of the gateway, and its process id.
 */
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 20;

const [, , url = '', gatewayPid = ''] = process.argv;
const agent = new Agent({ keepAlive: true });
const pids = [gatewayPid, String(process.pid)];

/** A unit of what Linux tells of the time that a process has had. */
const TICK_MS = 10;

/** How much of a processor all threads of the gateway have had, in milliseconds; it can hold nobody up for longer. */
function workedMs(): number {
  try {
    // The name comes before, in parentheses, and may have anything in it.
    const fields = readFileSync(`/proc/${gatewayPid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return Number.NaN;
  }
}

/** For how long the main threads have had to wait for a processor, in milliseconds. */
function waitedMs(): number {
  try {
    const nanoseconds = pids.map((pid) =>
      Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[1]),
    );
    return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
  } catch {
    return 0;
  }
}

function ask(): Promise<number | undefined> {
  return new Promise((resolve) => {
    get(`${url}/livez`, { agent }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    }).once('error', () => resolve(undefined));
  });
}

for (;;) {
  const startMs = performance.now();
  const waitedBefore = waitedMs();
  const workedBefore = workedMs();
  const status = await ask();
  const clockMs = performance.now() - startMs;
  const withoutWaitMs = Math.max(0, clockMs - (waitedMs() - waitedBefore));
  const worked = workedMs() - workedBefore + TICK_MS;
  process.send?.({ status, clockMs, ms: Number.isNaN(worked) ? clockMs : Math.min(withoutWaitMs, worked) });
  await sleep(PAUSE_MS);
}
