/** zoogate itself: gateways as in production, each a process, on the ZooKeeper server. */
import { fileURLToPath } from 'node:url';
import { waitUntil } from '../../test/support/wait-until.ts';
import type { Peer, RunningPeer, StoreCounts } from '../peer.ts';
import { ServerProcess } from '../server-process.ts';

const program = fileURLToPath(new URL('../gateway/measured-gateway.mjs', import.meta.url));

export interface Gateway {
  readonly process: ServerProcess;
  readonly url: string;
  whenReady(): Promise<void>;
  stop(): Promise<void>;
}

export const zoogate: Peer = {
  name: 'zoogate',
  title: 'zoogate',
  settings: 'one gateway unless said otherwise; ZooKeeper answers a write when it is on disk',
  client: 'http-queue',
  canAckWithReceive: true,
  usesZooKeeper: true,
  needs: [],
  isInQuickSet: true,
  start: async (place): Promise<RunningPeer> => {
    const gateways: Gateway[] = [];
    const address = await place.zooKeeper();
    return {
      version: 'this version',
      scale: async (servers) => {
        while (gateways.length < servers) gateways.push(await startGateway(address, {}, place.profiles));
        // A profile is written as a gateway ends, so each job gets one of its own.
        await Promise.all(gateways.splice(servers).map((gateway) => gateway.stop()));
        return { addresses: gateways.map(({ url }) => url) };
      },
      processes: async () =>
        Object.fromEntries(gateways.map((gateway, index) => [`gateway ${index + 1}`, gateway.process.pid])),
      counters: () => Promise.all(gateways.map(counters)),
      stop: async () => {
        await Promise.all(gateways.map((gateway) => gateway.stop()));
      },
    };
  },
};

/** One that is ready. Variables beside those of its place and its log are the caller's. */
export async function startGateway(
  address: string,
  variables: Readonly<Record<string, string>> = {},
  profiles?: string,
): Promise<Gateway> {
  const profiling = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
  const gateway = new ServerProcess({
    program: process.execPath,
    // As `npm start` and the container image do.
    options: [...profiling, '--max-semi-space-size=32', program],
    environment: {
      ZOOGATE_PORT: '0',
      ZOOGATE_ZOOKEEPER: `${address}/zoogate`,
      ZOOGATE_LOG_LEVEL: 'warn',
      // A backlog of a million messages has to fit.
      ZOOGATE_MAX_DATA_BYTES: '0',
      ...variables,
    },
    hasChannel: true,
  });
  const url = await gateway.address();
  const isReady = async () => (await fetch(`${url}/readyz`)).status === 200;
  const whenReady = () => waitUntil(isReady, 'the gateway is ready');
  await whenReady();
  return { process: gateway, url, whenReady, stop: () => gateway.stop() };
}

async function counters({ process: gateway }: Gateway): Promise<StoreCounts> {
  return ((await gateway.ask({})) as { counters: StoreCounts }).counters;
}
