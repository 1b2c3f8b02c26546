/** One consumer that waits, at the last address, and one producer at the first: how long until it has the message? */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageBody, publishedMs } from './message-body.ts';
import { measure, type Run } from './run.ts';

/** Long enough for the receive to be waiting, and not always the same. */
const pauseMs = { min: 20, span: 30 };

export async function runWakeUp(run: Run): Promise<void> {
  const { client, meter, queues, job } = run;
  const [queue = ''] = queues;
  const last = job.endpoint.addresses.length - 1;
  const [producer, consumer] = await Promise.all([client.producer(0), client.consumer(last)]);
  let stopping = false;
  const work = (async () => {
    while (!stopping) {
      const receiving = consumer.receive(queue, 1, []);
      await Promise.race([sleep(pauseMs.min + Math.random() * pauseMs.span), receiving]);
      const startMs = performance.now();
      await producer.publish(queue, [messageBody(startMs)]);
      meter.took('publish', startMs);
      meter.published += 1;
      let deliveries = await receiving;
      // It may have been about to return with nothing.
      while (deliveries.length === 0) deliveries = await consumer.receive(queue, 1, []);
      for (const { body } of deliveries) meter.took('endToEnd', publishedMs(body));
      meter.countReceived(last, deliveries.length);
      const ackMs = performance.now();
      await consumer.ack(queue, deliveries);
      meter.took('ack', ackMs);
      meter.acked += deliveries.length;
    }
  })();
  await measure(run, work);
  stopping = true;
  await work;
  await Promise.all([producer.close(), consumer.close()]);
}
