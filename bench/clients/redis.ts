/** Redis Streams with one group: XADD, XREADGROUP with BLOCK, and XACK with XDEL in one transaction. */
import { Redis } from 'ioredis';
import { type Client, type ClientKind, type Delivery, waitSeconds } from '../client.ts';

type Entry = readonly [id: string, fields: readonly string[]];
/** A map of one stream, as the client shows it. */
type Entries = readonly [stream: string, entries: readonly Entry[]] | null;

const group = 'bench';

export const redisStreams: ClientKind = {
  name: 'redis',
  canAckWithReceive: false,
  connect: async ({ addresses }): Promise<Client> => {
    const port = Number(addresses[0]);
    const open = () => new Redis({ port, host: '127.0.0.1', lazyConnect: false });
    const common = open();
    return {
      create: async (queues) => {
        for (const queue of queues) await common.xgroup('CREATE', queue, group, '0', 'MKSTREAM');
      },
      producer: async () => {
        const redis = open();
        return {
          publish: async (queue, bodies) => {
            const [body = ''] = bodies;
            if (bodies.length === 1) await redis.xadd(queue, '*', 'body', body);
            else await addAll(redis, queue, bodies);
          },
          close: async () => redis.disconnect(),
        };
      },
      consumer: async () => {
        const redis = open();
        const name = `consumer-${Math.random().toString(36).slice(2)}`;
        return {
          receive: async (queue, max) => {
            const found = (await redis.call(
              'XREADGROUP',
              ...['GROUP', group, name, 'COUNT', max, 'BLOCK', waitSeconds * 1000, 'STREAMS', queue, '>'],
            )) as Entries;
            return (found?.[1] ?? []).map(([id, fields]) => ({ receipt: id, body: fields[1] ?? '' }));
          },
          ack: (queue, deliveries) => ackAll(redis, queue, deliveries),
          close: async () => redis.disconnect(),
        };
      },
      remove: async (queues) => {
        for (const queue of queues) await common.del(queue);
      },
      close: async () => common.disconnect(),
    };
  },
};

async function addAll(redis: Redis, queue: string, bodies: readonly string[]): Promise<void> {
  const transaction = redis.multi();
  for (const body of bodies) transaction.xadd(queue, '*', 'body', body);
  assertDone(await transaction.exec());
}

async function ackAll(redis: Redis, queue: string, deliveries: readonly Delivery[]): Promise<void> {
  const ids = deliveries.map(({ receipt }) => String(receipt));
  assertDone(
    await redis
      .multi()
      .xack(queue, group, ...ids)
      .xdel(queue, ...ids)
      .exec(),
  );
}

function assertDone(results: readonly [error: Error | null, result: unknown][] | null): void {
  if (results === null) throw new Error('the transaction was not executed');
  for (const [error] of results) if (error !== null) throw error;
}
