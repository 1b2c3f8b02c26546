/** The load generator: a process of its own, which does one job that its parent sends, and ends. */
import { findClient } from '../clients/index.ts';
import type { Job, LoadMessage } from '../job.ts';
import { runCycles } from './cycles.ts';
import { runDrain } from './drain.ts';
import { runFlow } from './flow.ts';
import { runManyQueues } from './many-queues.ts';
import { Meter } from './meter.ts';
import type { Run } from './run.ts';
import { runWakeUp } from './wake-up.ts';
import { WriteProbe } from './write-probe.ts';

process.once('message', (job: Job) => {
  void doJob(job)
    .then(
      (result) => send({ result }),
      (error: unknown) =>
        // Not its stack, which has this machine's paths: failures go into the page.
        send({ failure: error instanceof Error ? error.message : String(error) }),
    )
    .then(() => process.exit(0));
});
process.once('disconnect', () => process.exit(1));

async function doJob(job: Job) {
  const kind = await findClient(job.client);
  const client = await kind.connect(job.endpoint);
  const meter = new Meter(job.endpoint.addresses.length);
  const queues = Array.from({ length: job.workload.queues }, (_, index) => `${job.prefix}-${index}`);
  const run: Run = {
    job,
    client,
    meter,
    queues,
    begin: () => {
      meter.start();
      void send({ phase: 'begin' });
    },
    end: () => {
      meter.stop();
      void send({ phase: 'end' });
    },
  };
  const probe = new WriteProbe();
  await client.create(queues);
  if (job.probe !== undefined) probe.start(job.probe, `/probe-${job.prefix}`, meter);
  const fillPerSecond = await runShape(run);
  await probe.stop();
  await client.remove(queues);
  await client.close();
  return { ...meter.result(), ...(fillPerSecond === undefined ? {} : { fillPerSecond }) };
}

async function runShape(run: Run): Promise<number | undefined> {
  switch (run.job.workload.shape) {
    case 'drain':
      return runDrain(run);
    case 'flow':
      await runFlow(run);
      return undefined;
    case 'wake-up':
      await runWakeUp(run);
      return undefined;
    case 'cycles':
      await runCycles(run);
      return undefined;
    case 'many-queues':
      await runManyQueues(run);
      return undefined;
  }
}

function send(message: LoadMessage): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()));
}
