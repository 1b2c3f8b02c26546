/** A backlog first, then consumers alone until it is gone or the time is over. */
import { consume } from './consuming.ts';
import { messageBody } from './message-body.ts';
import { addressOf, type Run } from './run.ts';

const fillBatch = 100;
/** A drain is measured until its end, but not for ever. */
const limitFactor = 6;

/** Returns how many messages a second the backlog was published with. */
export async function runDrain(run: Run): Promise<number> {
  const { client, meter, queues, job } = run;
  const { backlog = 0, consumers, batch, acksWithReceive } = job.workload;
  const [queue = ''] = queues;
  const fillPerSecond = await fill(run, queue, backlog);

  const opened = await Promise.all(
    Array.from({ length: consumers }, async (_, index) => {
      const address = addressOf(run, index);
      return { address, consumer: await client.consumer(address) };
    }),
  );
  run.begin();
  const endMs = performance.now() + job.measuredMs * limitFactor;
  let hasEnded = false;
  const isStopping = () => {
    if (!hasEnded && (meter.received >= backlog || performance.now() > endMs)) {
      hasEnded = true;
      run.end();
    }
    return hasEnded;
  };
  await Promise.all(
    opened.map(async ({ address, consumer }) => {
      const onReceived = () => {};
      await consume({ consumer, address, queue, batch, acksWithReceive, meter, isStopping, onReceived });
      await consumer.close();
    }),
  );
  return fillPerSecond;
}

async function fill(run: Run, queue: string, backlog: number): Promise<number> {
  const { client, meter, job } = run;
  const startMs = performance.now();
  let left = backlog;
  await Promise.all(
    Array.from({ length: job.workload.producers }, async (_, index) => {
      const producer = await client.producer(addressOf(run, index));
      while (left > 0) {
        const count = Math.min(fillBatch, left);
        left -= count;
        const body = messageBody(performance.now());
        await producer.publish(queue, Array(count).fill(body));
        meter.published += count;
      }
      await producer.close();
    }),
  );
  return backlog / ((performance.now() - startMs) / 1000);
}
