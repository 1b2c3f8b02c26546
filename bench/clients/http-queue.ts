/** zoogate's API, or as much of it as its stand-ins have. */
import {
  type Client,
  type ClientKind,
  type Consumer,
  type Delivery,
  type Producer,
  waitSeconds,
} from '../client.ts';
import { expectStatus, HttpConnection } from '../load/http-connection.ts';

interface ReceiveAnswer {
  readonly messages: readonly { readonly body: string; readonly receipt: string }[];
  readonly acked?: readonly Outcome[];
}

interface Outcome {
  readonly outcome: string;
}

const json = 'Content-Type: application/json\r\n';
const text = 'Content-Type: text/plain\r\n';
/** Of those that create and delete queues. */
const connections = 16;

export const httpQueue: ClientKind = {
  name: 'http-queue',
  canAckWithReceive: true,
  connect: async ({ addresses }): Promise<Client> => {
    const open = (address: number) => HttpConnection.open(addresses[address] ?? '');
    const forEach = async (queues: readonly string[], method: string, status: number) => {
      const left = [...queues];
      await Promise.all(
        Array.from({ length: Math.min(connections, queues.length) }, async () => {
          const connection = await open(0);
          for (let queue = left.pop(); queue !== undefined; queue = left.pop())
            expectStatus(await connection.request(method, `/v1/queues/${queue}`), status);
          connection.close();
        }),
      );
    };
    return {
      create: (queues) => forEach(queues, 'PUT', 201),
      producer: async (address) => producer(await open(address)),
      consumer: async (address) => consumer(await open(address)),
      remove: (queues) => forEach(queues, 'DELETE', 204),
      close: async () => {},
    };
  },
};

function producer(connection: HttpConnection): Producer {
  return {
    publish: async (queue, bodies) => {
      const path = `/v1/queues/${queue}/messages`;
      const [only = ''] = bodies;
      const answer =
        bodies.length === 1
          ? await connection.request('POST', path, text, only)
          : await connection.request('POST', path, json, batchText(bodies));
      expectStatus(answer, 201);
    },
    close: async () => connection.close(),
  };
}

function batchText(bodies: readonly string[]): string {
  return `{"messages":[${bodies.map((body) => `{"body":"${body}"}`).join(',')}]}`;
}

function consumer(connection: HttpConnection): Consumer {
  return {
    receive: async (queue, max, acks) => {
      const path = `/v1/queues/${queue}/messages/receive`;
      const fields = `{"max":${max},"waitSeconds":${waitSeconds}`;
      const body = acks.length === 0 ? `${fields}}` : `${fields},"ack":${receiptsText(acks)}}`;
      const answer = await connection.request('POST', path, json, body);
      const { messages, acked = [] } = JSON.parse(expectStatus(answer, 200)) as ReceiveAnswer;
      assertAcked(acked, acks.length);
      return messages;
    },
    ack: async (queue, deliveries) => {
      const path = `/v1/queues/${queue}/messages/ack`;
      const answer = await connection.request('POST', path, json, `{"receipts":${receiptsText(deliveries)}}`);
      const { results } = JSON.parse(expectStatus(answer, 200)) as { results: readonly Outcome[] };
      assertAcked(results, deliveries.length);
    },
    close: async () => connection.close(),
  };
}

function receiptsText(deliveries: readonly Delivery[]): string {
  return JSON.stringify(deliveries.map(({ receipt }) => receipt));
}

function assertAcked(outcomes: readonly Outcome[], expected: number): void {
  const done = outcomes.filter(({ outcome }) => outcome === 'ok').length;
  if (done !== expected) throw new Error(`${expected} acks, and ${done} of them were ok`);
}
