/** What zoogate is measured against in its own terms: no store, a bare store, and the textbook's recipe. */
import { fileURLToPath } from 'node:url';
import type { Peer, PeerPlace, RunningPeer } from '../peer.ts';
import { ServerProcess } from '../server-process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const common = { canAckWithReceive: true, needs: [], isInQuickSet: true } as const;

export const bare: Peer = {
  ...common,
  name: 'bare',
  title: 'bare HTTP',
  settings: 'the same requests on Fastify and zod, answered from memory: the ceiling, nothing is durable',
  client: 'http-queue',
  usesZooKeeper: false,
  start: () => startServer('bench/servers/bare.ts', {}),
};

export const naive: Peer = {
  ...common,
  name: 'naive',
  title: 'textbook recipe',
  settings: 'the same requests, with a node and a lock for each message on the same ZooKeeper server',
  client: 'http-queue',
  usesZooKeeper: true,
  start: async (place) =>
    startServer('bench/servers/naive.ts', { ZOOKEEPER: `${await place.zooKeeper()}/naive` }),
};

const writes = { ...common, client: 'zookeeper', canAckWithReceive: false, usesZooKeeper: true } as const;

export const zooKeeperWrites: Peer = {
  ...writes,
  name: 'zookeeper',
  title: 'ZooKeeper writes',
  settings: 'three writes for each publish by the load generator itself: no queue, the floor of such recipes',
  // Not where messages are published in other portions than they are received in.
  workloads: ['singles-1', 'singles-16', 'singles-64', 'batches', 'packed', 'paced', 'wake-up'],
  start: (place) => startWriting(place),
};

export const zooKeeperWritesInTurn: Peer = {
  ...writes,
  name: 'zookeeper-in-turn',
  title: 'ZooKeeper writes in turn',
  settings: 'as before, but only one write at a time: the floor of one message after the other',
  workloads: ['singles-1'],
  start: (place) => startWriting(place, { inTurn: 'yes' }),
};

async function startWriting(
  place: PeerPlace,
  settings: Readonly<Record<string, string>> = {},
): Promise<RunningPeer> {
  const address = await place.zooKeeper();
  return {
    version: 'node-zookeeper-client 1.1.3',
    scale: async () => ({ addresses: [`${address}/writes`], settings }),
    processes: async () => ({}),
    stop: async () => {},
  };
}

async function startServer(
  script: string,
  environment: Readonly<Record<string, string>>,
): Promise<RunningPeer> {
  const server = new ServerProcess({
    program: process.execPath,
    options: ['--import', 'tsx', script],
    directory: root,
    environment,
    hasChannel: true,
  });
  const url = await server.address();
  return {
    version: `Node.js ${process.version}`,
    scale: async () => ({ addresses: [url] }),
    processes: async () => ({ server: server.pid }),
    stop: () => server.stop(),
  };
}
