/** The queues of the well-known ZooKeeper clients. They have no server: the clients themselves are the load. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Job } from '../job.ts';
import type { Peer, RunningPeer } from '../peer.ts';
import { debianVersion } from './debian-version.ts';

const python = '/usr/bin/python3';
const kazooModule = '/usr/lib/python3/dist-packages/kazoo/__init__.py';
const fileBeside = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const common = {
  canAckWithReceive: false,
  usesZooKeeper: true,
  isInQuickSet: false,
  // These are all that they can do in one request.
  workloads: ['singles-1', 'singles-16', 'singles-64'],
} as const;

export const kazoo: Peer = {
  ...common,
  name: 'kazoo',
  title: 'kazoo',
  settings: 'LockingQueue of the Python client, a thread and a connection each; on the same ZooKeeper server',
  client: 'kazoo',
  needs: [{ debianPackage: 'python3-kazoo', file: kazooModule }],
  start: async (place): Promise<RunningPeer> => {
    const address = await place.zooKeeper();
    return {
      version: debianVersion('python3-kazoo'),
      scale: async () => ({ addresses: [`${address}/kazoo`] }),
      processes: async () => ({}),
      loadCommand: (job) => [python, fileBeside('kazoo-load.py'), JSON.stringify(job)],
      stop: async () => {},
    };
  },
};

const jars = ['curator-recipes', 'curator-framework', 'curator-client', 'zookeeper', 'guava', 'slf4j-nop'];
const classPath = jars.map((name) => `/usr/share/java/${name}.jar`).join(':');

export const curator: Peer = {
  ...common,
  name: 'curator',
  title: 'Curator',
  settings:
    'DistributedQueue of the Java client with a lock path, a connection each; on the same ZooKeeper server. The load generator has just started Java',
  client: 'curator',
  needs: [
    { debianPackage: 'libcurator-recipes-java', file: '/usr/share/java/curator-recipes.jar' },
    { debianPackage: 'default-jdk-headless', file: 'javac' },
  ],
  start: async (place): Promise<RunningPeer> => {
    const address = await place.zooKeeper();
    execFileSync('javac', ['-cp', classPath, '-d', place.directory, fileBeside('CuratorLoad.java')]);
    const running = [classPath, place.directory].join(':');
    return {
      version: debianVersion('libcurator-recipes-java'),
      scale: async () => ({ addresses: [`${address}/curator`] }),
      processes: async () => ({}),
      loadCommand: (job) => ['java', '-cp', running, 'CuratorLoad', ...curatorArguments(job)],
      stop: async () => {},
    };
  },
};

function curatorArguments({ endpoint, prefix, workload, warmUpMs, measuredMs }: Job): string[] {
  const [address = ''] = endpoint.addresses;
  const numbers = [workload.producers, workload.consumers, warmUpMs, measuredMs].map(String);
  return [address, join('/', prefix), ...numbers];
}
