/** NATS JetStream: a work-queue stream for each queue, and one durable pull consumer that all share. */
import {
  AckPolicy,
  connect,
  type JsMsg,
  type Consumer as NatsConsumer,
  RetentionPolicy,
  StorageType,
} from 'nats';
import { type Client, type ClientKind, waitSeconds } from '../client.ts';

const durable = 'bench';

export const natsJetStream: ClientKind = {
  name: 'nats',
  canAckWithReceive: false,
  connect: async ({ addresses }): Promise<Client> => {
    const servers = `127.0.0.1:${addresses[0]}`;
    const common = await connect({ servers });
    const manager = await common.jetstreamManager();
    return {
      create: async (queues) => {
        for (const name of queues) {
          const retention = RetentionPolicy.Workqueue;
          await manager.streams.add({ name, subjects: [name], storage: StorageType.File, retention });
          const ack_policy = AckPolicy.Explicit;
          await manager.consumers.add(name, { durable_name: durable, ack_policy, max_ack_pending: 100_000 });
        }
      },
      producer: async () => {
        const connection = await connect({ servers });
        const jetStream = connection.jetstream();
        return {
          publish: async (queue, bodies) => {
            await Promise.all(bodies.map((body) => jetStream.publish(queue, body)));
          },
          close: () => connection.close(),
        };
      },
      consumer: async () => {
        const connection = await connect({ servers });
        const jetStream = connection.jetstream();
        const consumers = new Map<string, NatsConsumer>();
        return {
          receive: async (queue, max) => {
            const consumer = consumers.get(queue) ?? (await jetStream.consumers.get(queue, durable));
            consumers.set(queue, consumer);
            const expires = waitSeconds * 1000;
            if (max === 1) {
              const message = await consumer.next({ expires });
              return message === null ? [] : [delivery(message)];
            }
            return await firstOf(await consumer.fetch({ max_messages: max, expires }));
          },
          ack: async (_queue, deliveries) => {
            await Promise.all(deliveries.map(({ receipt }) => (receipt as JsMsg).ackAck()));
          },
          close: () => connection.close(),
        };
      },
      remove: async (queues) => {
        for (const name of queues) await manager.streams.delete(name);
      },
      close: () => common.close(),
    };
  },
};

async function firstOf(messages: AsyncIterable<JsMsg>) {
  const all = [];
  for await (const message of messages) all.push(delivery(message));
  return all;
}

function delivery(message: JsMsg) {
  return { receipt: message, body: message.string() };
}
