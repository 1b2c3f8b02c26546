/** Redis: streams by its own protocol, and lists over HTTP. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import type { Peer, RunningPeer } from '../peer.ts';
import { ServerProcess } from '../server-process.ts';
import { debianVersion } from './debian-version.ts';

const redisNeed = { debianPackage: 'redis-server', file: 'redis-server' };

export const redisStreams: Peer = {
  name: 'redis',
  title: 'Redis Streams',
  settings: 'by its own protocol (ioredis); appendfsync always: a write is on disk before its answer',
  client: 'redis',
  canAckWithReceive: false,
  usesZooKeeper: false,
  needs: [redisNeed],
  isInQuickSet: true,
  start: async ({ directory }): Promise<RunningPeer> => {
    const { server, port } = await startRedis(directory);
    return {
      version: debianVersion('redis-server'),
      scale: async () => ({ addresses: [`${port}`] }),
      processes: async () => ({ server: server.pid }),
      stop: () => server.stop(),
    };
  },
};

export const webdis: Peer = {
  name: 'webdis',
  title: 'webdis',
  settings: 'Redis lists over HTTP, a command a request; Redis with appendfsync always',
  client: 'webdis',
  canAckWithReceive: false,
  usesZooKeeper: false,
  needs: [redisNeed, { debianPackage: 'webdis', file: 'webdis' }],
  isInQuickSet: false,
  start: async ({ directory }): Promise<RunningPeer> => {
    const redis = await startRedis(directory);
    const port = await freePort();
    const file = join(directory, 'webdis.json');
    await writeFile(
      file,
      JSON.stringify({
        redis_host: '127.0.0.1',
        redis_port: redis.port,
        http_host: '127.0.0.1',
        http_port: port,
        threads: 2,
        pool_size: 20,
        daemonize: false,
        database: 0,
        verbosity: 1,
        logfile: join(directory, 'webdis.log'),
      }),
    );
    const server = new ServerProcess({ program: 'webdis', options: [file], directory });
    await server.whenListening(port);
    return {
      version: `${debianVersion('webdis')}, ${debianVersion('redis-server')}`,
      scale: async () => ({ addresses: [`http://127.0.0.1:${port}`] }),
      processes: async () => ({ webdis: server.pid, Redis: redis.server.pid }),
      stop: async () => {
        await server.stop();
        await redis.server.stop();
      },
    };
  },
};

async function startRedis(directory: string): Promise<{ server: ServerProcess; port: number }> {
  const port = await freePort();
  const settings = {
    port: `${port}`,
    bind: '127.0.0.1',
    dir: directory,
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const server = new ServerProcess({ program: 'redis-server', options, directory });
  await server.whenListening(port);
  return { server, port };
}
