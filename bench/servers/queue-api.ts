/** As much of zoogate's API as a workload uses, on Fastify and zod, over whatever stores the messages. */
import Fastify from 'fastify';
import { z } from 'zod';

export interface StoredMessage {
  readonly id: string;
  readonly body: string;
  readonly receipt: string;
}

export interface QueueStore {
  create(queue: string): Promise<void>;
  publish(queue: string, bodies: readonly string[]): Promise<readonly string[]>;
  receive(queue: string, max: number, waitMs: number): Promise<readonly StoredMessage[]>;
  /** Whether each was there. */
  ack(queue: string, receipts: readonly string[]): Promise<readonly boolean[]>;
  remove(queue: string): Promise<void>;
}

const params = z.strictObject({ queue: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/) });
const message = z.strictObject({ body: z.string() });
const publishBody = z.union([
  z.string().transform((body) => ({ messages: [{ body }] })),
  z.strictObject({ messages: z.array(message).min(1).max(1000) }),
]);
const receipts = z.array(z.string().max(512)).max(1000);
const receiveBody = z.strictObject({
  max: z.number().int().min(1).max(1000).default(1),
  waitSeconds: z.number().min(0).max(50).default(0),
  ack: receipts.optional(),
});
const ackBody = z.strictObject({ receipts });

/** Listens on a free port of this machine and tells the parent its address. */
export async function serveQueues(store: QueueStore): Promise<void> {
  const app = Fastify({ bodyLimit: 2 * 1024 * 1024 });
  const outcomes = async (queue: string, acked: readonly string[]) => {
    const done = await store.ack(queue, acked);
    return acked.map((receipt, index) => ({ receipt, outcome: done[index] === true ? 'ok' : 'lost' }));
  };
  app.put('/v1/queues/:queue', async (request, reply) => {
    const { queue } = params.parse(request.params);
    await store.create(queue);
    return reply.code(201).send({ name: queue });
  });
  app.delete('/v1/queues/:queue', async (request, reply) => {
    await store.remove(params.parse(request.params).queue);
    return reply.code(204).send();
  });
  app.post('/v1/queues/:queue/messages', async (request, reply) => {
    const { queue } = params.parse(request.params);
    const { messages } = publishBody.parse(request.body);
    const ids = await store.publish(
      queue,
      messages.map(({ body }) => body),
    );
    return reply.code(201).send({ messages: ids.map((id) => ({ id })) });
  });
  app.post('/v1/queues/:queue/messages/receive', async (request) => {
    const { queue } = params.parse(request.params);
    const { max, waitSeconds, ack } = receiveBody.parse(request.body);
    const acked = ack === undefined ? {} : { acked: await outcomes(queue, ack) };
    const received = await store.receive(queue, max, waitSeconds * 1000);
    return { messages: received.map(receivedJson), ...acked };
  });
  app.post('/v1/queues/:queue/messages/ack', async (request) => {
    const { queue } = params.parse(request.params);
    return { results: await outcomes(queue, ackBody.parse(request.body).receipts) };
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0, backlog: 4096 });
  process.once('disconnect', () => process.exit(0));
  process.send?.({ listening: url });
}

/** With all that a gateway's answer has, so that it is as long. */
function receivedJson({ id, body, receipt }: StoredMessage) {
  const now = new Date().toISOString();
  return {
    id,
    body,
    contentType: 'text/plain',
    attributes: {},
    priority: 0,
    publishedAt: now,
    receipt,
    deliveries: 1,
    leaseExpiresAt: now,
    fencingToken: '15360',
  };
}
