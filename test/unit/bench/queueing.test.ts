import { describe, expect, it } from 'vitest';
import type { Client, Delivery } from '../../../bench/client.ts';
import { drain, fill, type Manner } from '../../../bench/sizing/queueing.ts';

const manner: Manner = { title: 'test', producers: 4, batch: 3 };
const { signal } = new AbortController();

/** One queue, which gives out fewer than it is asked for now and then, or nothing. */
function memoryClient() {
  const counts = { queued: 0, acked: 0, connections: 0 };
  let turn = 0;
  const close = async () => {
    counts.connections -= 1;
  };
  const client: Pick<Client, 'producer' | 'consumer'> = {
    producer: async () => {
      counts.connections += 1;
      return {
        publish: async (_queue, bodies) => {
          counts.queued += bodies.length;
        },
        close,
      };
    },
    consumer: async () => {
      counts.connections += 1;
      return {
        receive: async (_queue, max) => {
          turn += 1;
          const given = Math.min(turn % (max + 1), counts.queued);
          counts.queued -= given;
          await new Promise((resolve) => setImmediate(resolve));
          return Array<Delivery>(given).fill({ body: 'x', receipt: '' });
        },
        ack: async (_queue, deliveries) => {
          counts.acked += deliveries.length;
        },
        close,
      };
    },
  };
  return { client: client as Client, counts };
}

describe('a queue that is filled and drained by several at once', () => {
  it('gets as many messages as it was to get, and loses as many as it was to lose', async () => {
    const { client, counts } = memoryClient();
    await fill(client, 'q', manner, 'x', 1_000, signal);
    expect(counts).toEqual({ queued: 1_000, acked: 0, connections: 0 });
    await drain(client, 'q', manner, 400, signal);
    expect(counts).toEqual({ queued: 600, acked: 400, connections: 0 });
  });

  it('is left as it is when that is called off', async () => {
    const { client, counts } = memoryClient();
    const filling = fill(client, 'q', manner, 'x', 1_000, AbortSignal.abort());
    await expect(filling).rejects.toMatchObject({ name: 'AbortError' });
    expect(counts.queued).toBe(0);
  });
});
