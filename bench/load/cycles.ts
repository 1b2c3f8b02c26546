/** Clients that each publish a message, receive one and ack it, again and again, on one queue: who is served how often? */
import { messageBody, publishedMs } from './message-body.ts';
import { addressOf, measure, type Run } from './run.ts';

export async function runCycles(run: Run): Promise<void> {
  const { client, meter, queues, job } = run;
  const [queue = ''] = queues;
  let stopping = false;

  const cycle = async (index: number) => {
    const address = addressOf(run, index);
    const [producer, consumer] = await Promise.all([client.producer(address), client.consumer(address)]);
    while (!stopping) {
      const publishMs = performance.now();
      await producer.publish(queue, [messageBody(publishMs)]);
      meter.took('publish', publishMs);
      meter.published += 1;
      const receiveMs = performance.now();
      // There is a message for each client that has published one.
      let deliveries = await consumer.receive(queue, 1, []);
      while (deliveries.length === 0 && !stopping) deliveries = await consumer.receive(queue, 1, []);
      if (deliveries.length === 0) break;
      meter.took('receive', receiveMs);
      for (const { body } of deliveries) meter.took('endToEnd', publishedMs(body));
      meter.countReceived(address, deliveries.length);
      const ackMs = performance.now();
      await consumer.ack(queue, deliveries);
      meter.took('ack', ackMs);
      meter.acked += deliveries.length;
    }
    await Promise.all([producer.close(), consumer.close()]);
  };
  const work = Promise.all(Array.from({ length: job.workload.consumers }, (_, index) => cycle(index)));
  await measure(run, work);
  stopping = true;
  await work;
}
