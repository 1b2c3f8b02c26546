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
  await inShares(manner, manner.batch, messages, signal, async () => {
    const producer = await client.producer(0);
    return {
      take: async (count) => {
        await producer.publish(queue, Array(count).fill(body));
        return count;
      },
      close: () => producer.close(),
    };
  });
}

/** Receives and acks as many as were published, as many at a time. */
export async function drain(
  client: Client,
  queue: string,
  manner: Manner,
  messages: number,
  signal: AbortSignal,
): Promise<void> {
  await inShares(manner, Math.min(manner.batch, receivedAtOnce), messages, signal, async () => {
    const consumer = await client.consumer(0);
    return {
      take: async (count) => {
        const received = await consumer.receive(queue, count, []);
        if (received.length > 0) await consumer.ack(queue, received);
        return received.length;
      },
      close: () => consumer.close(),
    };
  });
}

interface Worker {
  /** Works on up to so many messages, and returns on how many it did. */
  take(count: number): Promise<number>;
  close(): Promise<void>;
}

/** Has as many workers as there are producers do all of the messages between them, and not one more. */
async function inShares(
  { producers }: Manner,
  shareMax: number,
  messages: number,
  signal: AbortSignal,
  open: () => Promise<Worker>,
): Promise<void> {
  let left = messages;
  await Promise.all(
    Array.from({ length: producers }, async () => {
      const worker = await open();
      while (left > 0) {
        signal.throwIfAborted();
        const share = Math.min(shareMax, left);
        left -= share;
        // Not in one expression with `left`, which others change meanwhile.
        const done = await worker.take(share);
        left += share - done;
      }
      await worker.close();
    }),
  );
}
