/**
 * RabbitMQ through the HTTP API of its management plugin. A read there cannot wait and has no receipt: it acks as it
 * gives, so that a message takes two requests, and is lost when its answer is.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, ClientKind } from '../client.ts';
import type { HttpAnswer } from '../load/http-answer.ts';
import { expectStatus, HttpConnection } from '../load/http-connection.ts';

const headers = `Content-Type: application/json\r\nAuthorization: Basic ${btoa('guest:guest')}\r\n`;
/** The server closes a connection after a thousand. */
const requestsMax = 900;
/** Between two reads that find nothing. */
const pauseMs = 2;

export const rabbitMqHttp: ClientKind = {
  name: 'rabbitmq-http',
  canAckWithReceive: false,
  connect: async ({ settings }): Promise<Client> => {
    const open = () => new RenewedConnection(settings?.management ?? '');
    const common = open();
    return {
      create: async (queues) => {
        const body = JSON.stringify({ durable: true, arguments: { 'x-queue-type': 'quorum' } });
        for (const queue of queues)
          expectStatus(await common.request('PUT', `/api/queues/%2F/${queue}`, headers, body), 201, 204);
      },
      producer: async () => {
        const connection = open();
        return {
          publish: async (queue, bodies) => {
            for (const payload of bodies) await publish(connection, queue, payload);
          },
          close: async () => connection.close(),
        };
      },
      consumer: async () => {
        const connection = open();
        return {
          receive: async (queue, max) => {
            const asked = { count: max, ackmode: 'ack_requeue_false', encoding: 'auto' };
            const path = `/api/queues/%2F/${queue}/get`;
            const answer = await connection.request('POST', path, headers, JSON.stringify(asked));
            const messages = JSON.parse(expectStatus(answer, 200)) as readonly { payload: string }[];
            if (messages.length === 0) await sleep(pauseMs);
            return messages.map(({ payload }) => ({ body: payload, receipt: undefined }));
          },
          ack: async () => {},
          close: async () => connection.close(),
        };
      },
      remove: async (queues) => {
        for (const queue of queues)
          expectStatus(await common.request('DELETE', `/api/queues/%2F/${queue}`, headers), 204);
      },
      close: async () => common.close(),
    };
  },
};

/** A connection that is replaced before the server closes it. */
class RenewedConnection {
  readonly #url: string;
  #connection: HttpConnection | undefined;
  #requests = 0;

  constructor(url: string) {
    this.#url = url;
  }

  async request(method: string, path: string, headers: string, body = ''): Promise<HttpAnswer> {
    if (this.#requests === requestsMax) this.close();
    this.#connection ??= await HttpConnection.open(this.#url);
    this.#requests += 1;
    return this.#connection.request(method, path, headers, body);
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
    this.#requests = 0;
  }
}

async function publish(connection: RenewedConnection, queue: string, payload: string): Promise<void> {
  const properties = { delivery_mode: 2 };
  const body = JSON.stringify({ properties, routing_key: queue, payload, payload_encoding: 'string' });
  const path = '/api/exchanges/%2F/amq.default/publish';
  const answer = expectStatus(await connection.request('POST', path, headers, body), 200);
  if (!answer.includes('true')) throw new Error(`not routed: ${answer}`);
}
