/** zoogate itself: gateways as in production, each a process, on the ZooKeeper server. */
import { fileURLToPath } from 'node:url';
import { SlowLink } from '../../test/support/slow-link.ts';
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

interface FarGateway extends Gateway {
  readonly link: SlowLink;
}

export const zoogate: Peer = {
  name: 'zoogate',
  title: 'zoogate',
  settings: 'one gateway unless said otherwise; ZooKeeper answers a write when it is on disk',
  client: 'http-queue',
  canAckWithReceive: true,
  usesZooKeeper: true,
  hasGateways: true,
  needs: [],
  isInQuickSet: true,
  start: async (place): Promise<RunningPeer> => {
    const near: Gateway[] = [];
    const far = new Map<number, FarGateway>();
    let inUse: readonly Gateway[] = [];
    const address = await place.zooKeeper();
    const stop = async () => {
      const links = [...far.values()].map(({ link }) => link);
      const gateways = [...near.splice(0), ...far.values()];
      far.clear();
      await Promise.all(gateways.map((gateway) => gateway.stop()));
      await Promise.all(links.map((link) => link.close()));
    };
    return {
      version: 'this version',
      scale: async (servers, farMs = 0) => {
        const nearCount = farMs > 0 ? servers - 1 : servers;
        while (near.length < nearCount) near.push(await startGateway(address, {}, place.profiles));
        if (farMs > 0 && !far.has(farMs)) far.set(farMs, await startFar(address, farMs, place.profiles));
        // Those that are not needed stay, or they would be cold when they are needed again. With none of them all end,
        // and write their profiles.
        if (servers === 0) await stop();
        inUse = [...near.slice(0, nearCount), ...[far.get(farMs)].filter((gateway) => gateway !== undefined)];
        return { addresses: inUse.map(({ url }) => url) };
      },
      processes: async () =>
        Object.fromEntries(inUse.map((gateway, index) => [`gateway ${index + 1}`, gateway.process.pid])),
      counters: () => Promise.all(inUse.map(counters)),
      stop,
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

async function startFar(address: string, farMs: number, profiles?: string): Promise<FarGateway> {
  const link = await SlowLink.start(Number(address.split(':')[1]), farMs);
  return { ...(await startGateway(`127.0.0.1:${link.port}`, {}, profiles)), link };
}

async function counters({ process: gateway }: Gateway): Promise<StoreCounts> {
  return ((await gateway.ask({})) as { counters: StoreCounts }).counters;
}
