/** All clients by name. Each is loaded only when it is used. */
import type { ClientKind } from '../client.ts';

const kinds: Readonly<Record<string, () => Promise<ClientKind>>> = {
  'http-queue': async () => (await import('./http-queue.ts')).httpQueue,
  zookeeper: async () => (await import('./zookeeper-writes.ts')).zooKeeperWrites,
  nats: async () => (await import('./nats.ts')).natsJetStream,
  redis: async () => (await import('./redis.ts')).redisStreams,
  webdis: async () => (await import('./webdis.ts')).webdis,
  'rabbitmq-http': async () => (await import('./rabbitmq-http.ts')).rabbitMqHttp,
  'rabbitmq-amqp': async () => (await import('./rabbitmq-amqp.ts')).rabbitMqAmqp,
};

/** @throws Error when there is none */
export function findClient(name: string): Promise<ClientKind> {
  const load = kinds[name];
  if (load === undefined) throw new Error(`there is no client named ${name}`);
  return load();
}
