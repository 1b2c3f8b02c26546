/** One real ZooKeeper server and several real gateways on it, for the tests of one file. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { GatewayProcess } from './gateway-process.ts';
import { QueueClient } from './queue-client.ts';
import { startProxy, type TcpProxy } from './tcp-proxy.ts';
import { startZooKeeper, type ZooKeeperServer } from './zookeeper-server.ts';

export interface ClusterOptions {
  readonly requestTimeoutMs?: number;
  readonly sessionTimeoutMs?: number;
  /** A chroot of the test's own when left out. */
  readonly chroot?: string;
  /** Where the ensemble is, when not directly at the server. */
  readonly address?: string;
}

export interface GatewayPair {
  readonly proxy: TcpProxy;
  readonly gateways: readonly [GatewayProcess, GatewayProcess];
  /** A fresh queue as a client at each of the two sees it. */
  createQueue(): Promise<[QueueClient, QueueClient]>;
}

export interface GatewayCluster {
  readonly server: ZooKeeperServer;
  /** Starts so many ready gateways on one chroot; they end by themselves. */
  start(count: number, options?: ClusterOptions): Promise<GatewayProcess[]>;
  /** A fresh queue, as clients at each of the gateways see it. */
  createQueue(gateways: readonly { readonly url: string }[], config?: object): Promise<QueueClient[]>;
  startProxy(): Promise<TcpProxy>;
  /** Two gateways on one chroot, the first of them behind a proxy. */
  startPair(options?: ClusterOptions): Promise<GatewayPair>;
}

/**
 * Registers the hooks; what it returns may be used inside tests.
 *
 * @param lifetime whether gateways and proxies end after each test, or serve all tests of the file
 */
export function useGateways(lifetime: 'test' | 'file' = 'test'): GatewayCluster {
  let server: ZooKeeperServer | undefined;
  let gateways: GatewayProcess[] = [];
  let clients: QueueClient[] = [];
  let proxies: TcpProxy[] = [];

  beforeAll(async () => {
    server = await startZooKeeper();
  });
  const endAll = async () => {
    for (const client of clients.splice(0)) client.close();
    await Promise.all(gateways.splice(0).map((gateway) => gateway.kill()));
    await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
  };
  if (lifetime === 'test') afterEach(endAll);
  afterAll(async () => {
    await endAll();
    await server?.stop();
  });

  const cluster: GatewayCluster = {
    get server() {
      if (server === undefined) throw new Error('the server is started before the tests');
      return server;
    },
    async start(count, options = {}) {
      const { requestTimeoutMs = 5_000, sessionTimeoutMs = 4_000 } = options;
      const { chroot = `/test/${randomUUID()}`, address = cluster.server.address } = options;
      const variables = {
        ZOOGATE_REQUEST_TIMEOUT_MS: String(requestTimeoutMs),
        ZOOGATE_SESSION_TIMEOUT_MS: String(sessionTimeoutMs),
        ZOOGATE_LOG_LEVEL: 'warn',
      };
      const started = Array.from({ length: count }, () => {
        return new GatewayProcess({ zooKeeper: address + chroot, variables });
      });
      gateways = [...gateways, ...started];
      await Promise.all(started.map((gateway) => gateway.whenReady()));
      return started;
    },
    async createQueue(at, config = {}) {
      const queue = `queue-${randomUUID()}`;
      const created = at.map(({ url }) => new QueueClient(url, queue));
      clients = [...clients, ...created];
      await created[0]?.create(config);
      return created;
    },
    async startProxy() {
      const proxy = await startProxy(cluster.server.port);
      proxies = [...proxies, proxy];
      return proxy;
    },
    async startPair(options = {}) {
      const proxy = await cluster.startProxy();
      const chroot = `/test/${randomUUID()}`;
      const [[behind], [direct]] = await Promise.all([
        cluster.start(1, { ...options, address: proxy.address, chroot }),
        cluster.start(1, { ...options, chroot }),
      ]);
      if (behind === undefined || direct === undefined) throw new Error('two gateways were started');
      const createQueue = async (): Promise<[QueueClient, QueueClient]> => {
        const [atBehind, atDirect] = await cluster.createQueue([behind, direct]);
        if (atBehind === undefined || atDirect === undefined) throw new Error('one client for each gateway');
        return [atBehind, atDirect];
      };
      return { proxy, gateways: [behind, direct], createQueue };
    },
  };
  return cluster;
}
