/** All peers, in the order of the tables. */
import type { Peer } from '../peer.ts';
import { natsJetStream } from './nats.ts';
import { rabbitMqAmqp, rabbitMqHttp } from './rabbitmq.ts';
import { redisStreams, webdis } from './redis.ts';
import { bare, naive, zooKeeperWrites, zooKeeperWritesInTurn } from './stand-ins.ts';
import { zoogate } from './zoogate.ts';
import { curator, kazoo } from './zookeeper-recipes.ts';

export const peers: readonly Peer[] = [
  zoogate,
  bare,
  zooKeeperWrites,
  zooKeeperWritesInTurn,
  naive,
  natsJetStream,
  redisStreams,
  rabbitMqHttp,
  rabbitMqAmqp,
  webdis,
  kazoo,
  curator,
];
