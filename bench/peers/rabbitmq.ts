/** RabbitMQ with quorum queues, by AMQP and through the HTTP API of its management plugin. */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withDescendants } from '../cpu-times.ts';
import { freePort } from '../free-port.ts';
import type { Peer, PeerPlace, RunningPeer } from '../peer.ts';
import { ServerProcess } from '../server-process.ts';
import { debianVersion } from './debian-version.ts';

/** Not the wrapper on the PATH, which insists on a user and directories of the system. */
const program = '/usr/lib/rabbitmq/bin/rabbitmq-server';

const common = {
  canAckWithReceive: false,
  usesZooKeeper: false,
  needs: [{ debianPackage: 'rabbitmq-server', file: program }],
  isInQuickSet: false,
  start: startRabbitMq,
} as const;

export const rabbitMqHttp: Peer = {
  ...common,
  name: 'rabbitmq-http',
  title: 'RabbitMQ over HTTP',
  settings:
    'quorum queues, through the management plugin: two requests a message, since a read acks at once (at most once)',
  client: 'rabbitmq-http',
  // It takes one message a request: a backlog would take minutes.
  workloads: ['singles-1', 'singles-16', 'singles-64', 'batches', 'paced', 'wake-up'],
};

export const rabbitMqAmqp: Peer = {
  ...common,
  name: 'rabbitmq-amqp',
  title: 'RabbitMQ by AMQP',
  settings: 'quorum queues, publishes with confirms (amqplib), messages pushed; acks are sent, not confirmed',
  client: 'rabbitmq-amqp',
};

async function startRabbitMq({ directory }: PeerPlace): Promise<RunningPeer> {
  const [port, distributionPort, managementPort] = [await freePort(), await freePort(), await freePort()];
  // A port mapper of its own, since each stays behind when its server has ended, and has to be told to end.
  const mapperPort = await freePort();
  const configuration = [
    `listeners.tcp.1 = 127.0.0.1:${port}`,
    'management.tcp.ip = 127.0.0.1',
    `management.tcp.port = ${managementPort}`,
    // Statistics of each message cost more than the message.
    'management_agent.disable_metrics_collector = true',
  ];
  await writeFile(join(directory, 'rabbitmq.conf'), `${configuration.join('\n')}\n`);
  await writeFile(join(directory, 'enabled_plugins'), '[rabbitmq_management].\n');
  const server = new ServerProcess({
    program,
    options: [],
    directory,
    environment: {
      HOME: directory,
      RABBITMQ_NODENAME: `bench-${port}@localhost`,
      RABBITMQ_CONFIG_FILE: join(directory, 'rabbitmq.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, 'enabled_plugins'),
      RABBITMQ_MNESIA_BASE: join(directory, 'data'),
      RABBITMQ_LOG_BASE: join(directory, 'log'),
      RABBITMQ_DIST_PORT: `${distributionPort}`,
      ERL_EPMD_PORT: `${mapperPort}`,
      ERL_EPMD_ADDRESS: '127.0.0.1',
    },
  });
  const management = `http://127.0.0.1:${managementPort}`;
  await server.whenListening(managementPort);
  await server.whenListening(port);
  const [virtualMachine = server.pid] = (await withDescendants(server.pid)).slice(1);
  return {
    version: debianVersion('rabbitmq-server'),
    scale: async () => ({ addresses: [`${port}`], settings: { management } }),
    processes: async () => ({ server: virtualMachine }),
    stop: async () => {
      await server.stop();
      spawnSync('epmd', ['-port', `${mapperPort}`, '-kill'], { stdio: 'ignore' });
    },
  };
}
