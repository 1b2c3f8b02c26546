/** Fills a queue, and empties it, as its clients would. */
import type { Client } from '../client.ts';

/** How messages come into the queue. */
export interface Manner {
  readonly title: string;
  readonly producers: number;
  /** Messages in a publish. */
  readonly batch: number;
  /** Fewer than of the others, where each takes long. */
  readonly messagesMax?: number;
}

const publishBytesMax = 800_000;
const receivedAtOnce = 100;

/** One by one, from many clients at once or one that waits for each answer; and in batches as large as may be. */
export function mannersOf(bodyBytes: number): readonly Manner[] {
  const batch = Math.max(1, Math.min(100, Math.floor(publishBytesMax / (bodyBytes + 20))));
  return [
    { title: 'singly, 64 producers', producers: 64, batch: 1 },
    { title: 'singly, 1 producer', producers: 1, batch: 1, messagesMax: 5_000 },
    { title: `batches of ${batch}`, producers: 1, batch },
  ];
}

/** Rejects with the signal's reason once that aborts; so does `drain`. */
export async function fill(
  client: Client,
  queue: string,
  manner: Manner,
  body: string,
  messages: number,
  signal: AbortSignal,
): Promise<void> {
  let left = messages;
  await Promise.all(
    Array.from({ length: manner.producers }, async () => {
      const producer = await client.producer(0);
      while (left > 0) {
        signal.throwIfAborted();
        const count = Math.min(manner.batch, left);
        left -= count;
        await producer.publish(queue, Array(count).fill(body));
      }
      await producer.close();
    }),
  );
}

/** Receives and acks as many as were published, as many at a time. */
export async function drain(
  client: Client,
  queue: string,
  manner: Manner,
  messages: number,
  signal: AbortSignal,
): Promise<void> {
  let left = messages;
  await Promise.all(
    Array.from({ length: manner.producers }, async () => {
      const consumer = await client.consumer(0);
      while (left > 0) {
        signal.throwIfAborted();
        const received = await consumer.receive(queue, Math.min(manner.batch, receivedAtOnce), []);
        if (received.length > 0) await consumer.ack(queue, received);
        left -= received.length;
      }
      await consumer.close();
    }),
  );
}
