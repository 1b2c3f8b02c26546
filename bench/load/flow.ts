/** Producers and consumers at the same time on one queue: as fast as they can, or at a pace. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Producer } from '../client.ts';
import { BacklogLimit } from './backlog-limit.ts';
import { consume } from './consuming.ts';
import { messageBody } from './message-body.ts';
import { addressOf, measure, type Run } from './run.ts';

/** Batches that may be under way for each producer. */
const batchesUnderWay = 4;

export async function runFlow(run: Run): Promise<void> {
  const { client, meter, queues, job } = run;
  const { producers, consumers, batch, acksWithReceive, perSecond } = job.workload;
  const [queue = ''] = queues;
  const limit = new BacklogLimit(meter, producers * batch * batchesUnderWay);
  let stopping = false;
  const isStopping = () => stopping;

  const consuming = times(consumers).map(async (index) => {
    const address = addressOf(run, index);
    const consumer = await client.consumer(address);
    const onReceived = () => limit.received();
    await consume({ consumer, address, queue, batch, acksWithReceive, meter, isStopping, onReceived });
    await consumer.close();
  });
  const opened = await Promise.all(times(producers).map((index) => client.producer(addressOf(run, index))));
  const producing =
    perSecond === undefined
      ? opened.map((producer) => produce(run, producer, queue, limit, isStopping))
      : [pace(run, opened, queue, perSecond, isStopping)];

  const work = Promise.all([...consuming, ...producing]);
  await measure(run, work);
  stopping = true;
  limit.lift();
  await work;
  await Promise.all(opened.map((producer) => producer.close()));
}

async function produce(
  { meter, job }: Run,
  producer: Producer,
  queue: string,
  limit: BacklogLimit,
  isStopping: () => boolean,
): Promise<void> {
  while (!isStopping()) {
    await limit.room();
    const startMs = performance.now();
    await producer.publish(
      queue,
      times(job.workload.batch).map(() => messageBody(startMs)),
    );
    meter.took('publish', startMs);
    meter.published += job.workload.batch;
  }
}

/** Publishes when it is time, and counts from then on, so that a publish that had to wait is not counted as quick. */
async function pace(
  { meter }: Run,
  producers: readonly Producer[],
  queue: string,
  perSecond: number,
  isStopping: () => boolean,
): Promise<void> {
  const last = producers.map(() => Promise.resolve());
  const startMs = performance.now();
  for (let count = 0; !isStopping(); count += 1) {
    const dueMs = startMs + (count * 1000) / perSecond;
    await sleep(Math.max(0, dueMs - performance.now()));
    const index = count % producers.length;
    const publish = async () => {
      await producers[index]?.publish(queue, [messageBody(dueMs)]);
      meter.took('publish', dueMs);
      meter.published += 1;
    };
    const before = last[index] ?? Promise.resolve();
    last[index] = before.then(publish);
    // Told by the one who waits for them in the end.
    last[index]?.catch(() => {});
  }
  await Promise.all(last);
}

function times(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
