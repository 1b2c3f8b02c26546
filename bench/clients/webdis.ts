/**
 * Redis lists through webdis, an HTTP server before Redis, which cannot show what a stream's read answers: LPUSH,
 * RPOPLPUSH into a list of what is being worked on, and LREM from that. A read that would wait blocks one of its few
 * connections, so consumers ask again instead.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, ClientKind, Delivery } from '../client.ts';
import { expectStatus, HttpConnection } from '../load/http-connection.ts';

/** Between two reads that find nothing. */
const pauseMs = 2;

export const webdis: ClientKind = {
  name: 'webdis',
  canAckWithReceive: false,
  connect: async ({ addresses }): Promise<Client> => {
    const open = () => HttpConnection.open(addresses[0] ?? '');
    const common = await open();
    return {
      // A list is there when something is in it.
      create: async () => {},
      producer: async () => {
        const connection = await open();
        return {
          publish: async (queue, bodies) => {
            assertNumber(await call(connection, ['LPUSH', queue, ...bodies]));
          },
          close: async () => connection.close(),
        };
      },
      consumer: async () => {
        const connection = await open();
        return {
          receive: (queue, max) => receive(connection, queue, max),
          ack: async (queue, deliveries) => {
            for (const { body } of deliveries)
              assertNumber(await call(connection, ['LREM', working(queue), '1', body]));
          },
          close: async () => connection.close(),
        };
      },
      remove: async (queues) => {
        for (const queue of queues) await call(common, ['DEL', queue, working(queue)]);
      },
      close: async () => common.close(),
    };
  },
};

async function receive(connection: HttpConnection, queue: string, max: number): Promise<Delivery[]> {
  const deliveries: Delivery[] = [];
  while (deliveries.length < max) {
    const body = await call(connection, ['RPOPLPUSH', queue, working(queue)]);
    if (body === null) break;
    deliveries.push({ body: String(body), receipt: undefined });
  }
  if (deliveries.length === 0) await sleep(pauseMs);
  return deliveries;
}

function working(queue: string): string {
  return `${queue}-working`;
}

/** A command of Redis is the body of a POST, its parts as those of a path. */
async function call(connection: HttpConnection, command: readonly string[]): Promise<unknown> {
  const body = command.map((part) => encodeURIComponent(part)).join('/');
  const answer = expectStatus(await connection.request('POST', '/', '', body), 200);
  return Object.values(JSON.parse(answer) as object)[0];
}

function assertNumber(result: unknown): void {
  if (typeof result !== 'number') throw new Error(`answered ${JSON.stringify(result)}`);
}
