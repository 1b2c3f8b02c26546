/** NATS JetStream with file storage. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import type { Peer, RunningPeer } from '../peer.ts';
import { ServerProcess } from '../server-process.ts';
import { debianVersion } from './debian-version.ts';

export const natsJetStream: Peer = {
  name: 'nats',
  title: 'NATS JetStream',
  settings:
    'by its own protocol (nats); file storage. NOT on disk before the answer: this version has no setting for that',
  client: 'nats',
  canAckWithReceive: false,
  usesZooKeeper: false,
  needs: [{ debianPackage: 'nats-server', file: 'nats-server' }],
  isInQuickSet: true,
  start: async ({ directory }): Promise<RunningPeer> => {
    const port = await freePort();
    const file = join(directory, 'nats.conf');
    const lines = [
      'host: 127.0.0.1',
      `port: ${port}`,
      `jetstream { store_dir: ${JSON.stringify(directory)}, max_file_store: 4GB, max_memory_store: 256MB }`,
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    const server = new ServerProcess({ program: 'nats-server', options: ['-c', file], directory });
    await server.whenListening(port);
    return {
      version: debianVersion('nats-server'),
      scale: async () => ({ addresses: [`${port}`] }),
      processes: async () => ({ server: server.pid }),
      stop: () => server.stop(),
    };
  },
};
