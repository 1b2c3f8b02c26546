/**
 * Everything that a deployment has, on this machine: an ensemble of three servers, three gateways, nginx before them,
 * and links of ours between each gateway and each server.
 */
import { randomUUID } from 'node:crypto';
import { startProxy, type TcpProxy } from '../test/support/tcp-proxy.ts';
import { waitUntil } from '../test/support/wait-until.ts';
import { freePorts, startEnsemble, type ZooKeeperServer } from '../test/support/zookeeper-server.ts';
import { GatewaySlot } from './gateway-slot.ts';
import { NginxServer } from './nginx-server.ts';
import { SmallDisk } from './small-disk.ts';

export interface ClusterOptions {
  readonly sessionTimeoutMs?: number;
  /** That of the gateways. */
  readonly requestTimeoutMs?: number;
  readonly measuresHeap?: boolean;
  /** Of a clone in which the gateways' version is built; this one's when left out. */
  readonly directory?: string;
}

/** One gateway's clock is ahead, one behind, and one right. */
const clockOffsetsMs = [7 * 60_000, -5 * 60_000, 0] as const;
const healthyLimitMs = 60_000;
/** Snapshots often, so that a long run does not pile up logs. */
const serverConfig = ['snapCount=20000', 'autopurge.purgeInterval=1', 'autopurge.snapRetainCount=3'];

export class Cluster {
  readonly chroot = `/chaos-${randomUUID()}`;
  readonly sessionTimeoutMs: number;
  readonly servers: readonly ZooKeeperServer[];
  readonly gateways: readonly GatewaySlot[];
  readonly nginx: NginxServer;
  /** Under the data of the last server. */
  readonly disk: SmallDisk;

  private constructor(
    options: ClusterOptions,
    servers: readonly ZooKeeperServer[],
    disk: SmallDisk,
    nginx: NginxServer,
    links: readonly (readonly TcpProxy[])[],
    ports: readonly number[],
  ) {
    const { sessionTimeoutMs = 4_000, requestTimeoutMs = 5_000, measuresHeap = false } = options;
    this.sessionTimeoutMs = sessionTimeoutMs;
    this.servers = servers;
    this.disk = disk;
    this.nginx = nginx;
    this.gateways = clockOffsetsMs.map(
      (clockOffsetMs, index) =>
        new GatewaySlot({
          name: `gateway ${index + 1}`,
          port: ports[index] ?? 0,
          links: links[index] ?? [],
          chroot: this.chroot,
          sessionTimeoutMs,
          requestTimeoutMs,
          clockOffsetMs,
          measuresHeap,
          directory: options.directory,
        }),
    );
  }

  static async start(options: ClusterOptions): Promise<Cluster> {
    const disks: SmallDisk[] = [];
    const prepare = async (directory: string, id: number) => {
      if (id === clockOffsetsMs.length) disks.push(new SmallDisk(directory));
    };
    const { servers } = await startEnsemble(3, serverConfig, undefined, prepare);
    const links = await Promise.all(
      clockOffsetsMs.map(() => Promise.all(servers.map(({ port }) => startProxy(port)))),
    );
    const [nginxPort = 0, ...gatewayPorts] = await freePorts(clockOffsetsMs.length + 1);
    const nginx = await NginxServer.start(nginxPort, gatewayPorts);
    const [disk] = disks;
    if (disk === undefined) throw new Error('the last server has no disk');
    const cluster = new Cluster(options, servers, disk, nginx, links, gatewayPorts);
    for (const gateway of cluster.gateways) gateway.launch();
    await cluster.whenHealthy();
    return cluster;
  }

  /** Until every server serves and every gateway is ready. */
  async whenHealthy(): Promise<void> {
    const serves = async () => {
      const roles = await Promise.all(this.servers.map((server) => server.role()));
      return roles.every((role) => role !== undefined) && roles.includes('leader');
    };
    await waitUntil(serves, 'all servers serve', healthyLimitMs);
    await Promise.all(this.gateways.map((gateway) => gateway.whenReady()));
  }

  async leader(): Promise<ZooKeeperServer> {
    for (const server of this.servers) if ((await server.role()) === 'leader') return server;
    throw new Error('the ensemble has no leader');
  }

  async followers(): Promise<ZooKeeperServer[]> {
    const leader = await this.leader();
    return this.servers.filter((server) => server !== leader);
  }

  nameOf(server: ZooKeeperServer): string {
    return `server ${this.servers.indexOf(server) + 1}`;
  }

  async stop(): Promise<void> {
    await Promise.all(this.gateways.map((gateway) => gateway.kill()));
    await this.nginx.stop();
    for (const { links } of this.gateways) await Promise.all(links.map((link) => link.close()));
    await Promise.all(this.servers.map((server) => server.kill()));
    this.disk.unmount();
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}
