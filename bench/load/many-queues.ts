/** Workers that go through queues of their own, one after the other: publish there, receive it, ack it. */
import { messageBody, publishedMs } from './message-body.ts';
import { addressOf, measure, type Run } from './run.ts';

export async function runManyQueues(run: Run): Promise<void> {
  const { client, meter, queues, job } = run;
  const workers = job.workload.producers;
  let stopping = false;
  const work = Promise.all(
    Array.from({ length: workers }, async (_, worker) => {
      const address = addressOf(run, worker);
      const [producer, consumer] = await Promise.all([client.producer(address), client.consumer(address)]);
      const own = queues.filter((_queue, index) => index % workers === worker);
      for (let turn = 0; !stopping; turn += 1) {
        const queue = own[turn % own.length] ?? '';
        const publishMs = performance.now();
        await producer.publish(queue, [messageBody(publishMs)]);
        meter.took('publish', publishMs);
        meter.published += 1;
        const receiveMs = performance.now();
        const deliveries = await consumer.receive(queue, 1, []);
        meter.took('receive', receiveMs);
        for (const { body } of deliveries) meter.took('endToEnd', publishedMs(body));
        meter.countReceived(address, deliveries.length);
        const ackMs = performance.now();
        await consumer.ack(queue, deliveries);
        meter.took('ack', ackMs);
        meter.acked += deliveries.length;
      }
      await Promise.all([producer.close(), consumer.close()]);
    }),
  );
  await measure(run, work);
  stopping = true;
  await work;
}
