/** A consumer's loop: receive, ack, again. */
import type { Consumer, Delivery } from '../client.ts';
import { publishedMs } from './message-body.ts';
import type { Meter } from './meter.ts';

export interface Consuming {
  readonly consumer: Consumer;
  readonly address: number;
  readonly queue: string;
  readonly batch: number;
  readonly acksWithReceive: boolean;
  readonly meter: Meter;
  readonly isStopping: () => boolean;
  readonly onReceived: () => void;
}

export async function consume(options: Consuming): Promise<void> {
  const { consumer, queue, acksWithReceive, meter, isStopping } = options;
  let unacked: readonly Delivery[] = [];
  while (!isStopping()) {
    const deliveries = await receiveOnce(options, unacked);
    if (acksWithReceive) {
      meter.acked += unacked.length;
      unacked = deliveries;
    } else if (deliveries.length > 0) {
      const ackMs = performance.now();
      await consumer.ack(queue, deliveries);
      meter.took('ack', ackMs);
      meter.acked += deliveries.length;
    }
  }
  if (unacked.length > 0) await consumer.ack(queue, unacked);
}

async function receiveOnce(options: Consuming, acks: readonly Delivery[]): Promise<readonly Delivery[]> {
  const { consumer, address, queue, batch, meter, onReceived } = options;
  const receiveMs = performance.now();
  const deliveries = await consumer.receive(queue, batch, acks);
  if (deliveries.length === 0) return deliveries;
  meter.took('receive', receiveMs);
  for (const { body } of deliveries) meter.took('endToEnd', publishedMs(body));
  meter.countReceived(address, deliveries.length);
  onReceived();
  return deliveries;
}
