/**
 * RabbitMQ by AMQP: quorum queues, publishes with confirms, and consumers to whom the server pushes. An ack is not
 * confirmed by the protocol; it counts when it is sent.
 */
import { type ConsumeMessage, connect } from 'amqplib';
import type { Client, ClientKind, Consumer, Delivery } from '../client.ts';
import { PushedDeliveries } from './pushed-deliveries.ts';

type Connection = Awaited<ReturnType<typeof connect>>;
type Channel = Awaited<ReturnType<Connection['createChannel']>>;

export const rabbitMqAmqp: ClientKind = {
  name: 'rabbitmq-amqp',
  canAckWithReceive: false,
  connect: async ({ addresses }): Promise<Client> => {
    const open = () => connect(`amqp://guest:guest@127.0.0.1:${addresses[0]}`);
    const common = await open();
    const channel = await common.createChannel();
    return {
      create: async (queues) => {
        for (const queue of queues)
          await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
      },
      producer: async () => {
        const connection = await open();
        const confirming = await connection.createConfirmChannel();
        return {
          publish: async (queue, bodies) => {
            for (const body of bodies) confirming.sendToQueue(queue, Buffer.from(body), { persistent: true });
            await confirming.waitForConfirms();
          },
          close: () => connection.close(),
        };
      },
      consumer: async () => {
        const connection = await open();
        return new PushedConsumer(connection, await connection.createChannel());
      },
      remove: async (queues) => {
        for (const queue of queues) await channel.deleteQueue(queue);
      },
      close: () => common.close(),
    };
  },
};

class PushedConsumer implements Consumer {
  readonly #connection: Connection;
  readonly #channel: Channel;
  readonly #pushed = new PushedDeliveries();
  #queue: string | undefined;

  constructor(connection: Connection, channel: Channel) {
    this.#connection = connection;
    this.#channel = channel;
  }

  async receive(queue: string, max: number): Promise<readonly Delivery[]> {
    if (this.#queue === undefined) {
      this.#queue = queue;
      await this.#channel.prefetch(max);
      await this.#channel.consume(queue, (message) => {
        if (message !== null) this.#pushed.put({ body: message.content.toString(), receipt: message });
      });
    }
    return this.#pushed.take(max);
  }

  async ack(_queue: string, deliveries: readonly Delivery[]): Promise<void> {
    for (const { receipt } of deliveries) this.#channel.ack(receipt as ConsumeMessage);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
