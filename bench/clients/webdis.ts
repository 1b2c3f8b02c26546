/** Redis Streams through webdis, an HTTP server before Redis. A read cannot wait there, so consumers ask again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, ClientKind } from '../client.ts';
import { expectStatus, HttpConnection } from '../load/http-connection.ts';

type Entry = readonly [id: string, fields: readonly string[]];
interface Entries {
  readonly XREADGROUP: readonly (readonly [stream: string, entries: readonly Entry[]])[] | null;
}

const group = 'bench';
/** Between two reads that find nothing. */
const pauseMs = 2;

export const webdis: ClientKind = {
  name: 'webdis',
  canAckWithReceive: false,
  connect: async ({ addresses }): Promise<Client> => {
    const open = () => HttpConnection.open(addresses[0] ?? '');
    const common = await open();
    return {
      create: async (queues) => {
        for (const queue of queues) await call(common, ['XGROUP', 'CREATE', queue, group, '0', 'MKSTREAM']);
      },
      producer: async () => {
        const connection = await open();
        return {
          publish: async (queue, bodies) => {
            for (const body of bodies) await call(connection, ['XADD', queue, '*', 'body', body]);
          },
          close: async () => connection.close(),
        };
      },
      consumer: async () => {
        const connection = await open();
        return {
          receive: async (queue, max) => {
            const read = ['XREADGROUP', 'GROUP', group, 'consumer', 'COUNT', `${max}`, 'STREAMS', queue, '>'];
            const { XREADGROUP } = JSON.parse(await call(connection, read)) as Entries;
            const entries = XREADGROUP?.[0]?.[1] ?? [];
            if (entries.length === 0) await sleep(pauseMs);
            return entries.map(([id, fields]) => ({ receipt: id, body: fields[1] ?? '' }));
          },
          ack: async (queue, deliveries) => {
            const ids = deliveries.map(({ receipt }) => String(receipt));
            await call(connection, ['XACK', queue, group, ...ids]);
            await call(connection, ['XDEL', queue, ...ids]);
          },
          close: async () => connection.close(),
        };
      },
      remove: async (queues) => {
        for (const queue of queues) await call(common, ['DEL', queue]);
      },
      close: async () => common.close(),
    };
  },
};

/** A command of Redis is the path of a POST's body. */
async function call(connection: HttpConnection, command: readonly string[]): Promise<string> {
  const body = command.map((part) => encodeURIComponent(part)).join('/');
  const answer = expectStatus(await connection.request('POST', '/', '', body), 200);
  if (/^\{"\w+":\[false,/.test(answer)) throw new Error(answer.slice(0, 300));
  return answer;
}
