/**
 * Whether all servers of the ensemble hold the same. What a server has lost, or kept alone, no gateway can make up for:
 * messages that were confirmed are then missing, or are there for some. It tells a finding about the ensemble from one
 * about the broker.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ZooKeeperStore } from '../src/queue/zookeeper/session.ts';
import { openTestStore } from '../test/support/test-store.ts';
import type { Cluster } from './cluster.ts';
import { nodesBelow } from './tree.ts';

/** Data versions by path. */
export type ServerTree = ReadonlyMap<string, number>;

/** Servers apply what is committed one after the other, and somebody may write between two readings. */
const ATTEMPTS = 20;
const PAUSE_MS = 500;
const SHOWN = 10;

/** What differs, in sentences, while nobody but idle gateways writes. */
export async function differencesOfServers({ servers, chroot }: Cluster): Promise<string[]> {
  const stores = await Promise.all(servers.map(({ address }) => openTestStore(`${address}${chroot}`)));
  try {
    let found: string[] = [];
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const trees = await Promise.all(stores.map(treeOf));
      found = differences(trees);
      if (found.length === 0) return [];
      await sleep(PAUSE_MS);
    }
    return found;
  } finally {
    await Promise.all(stores.map((store) => store.close()));
  }
}

/** As the server shows it that has applied everything that was committed before. */
async function treeOf(store: ZooKeeperStore): Promise<ServerTree> {
  await store.barrier();
  const tree = new Map<string, number>();
  for (const path of await nodesBelow(store, '')) {
    const stat = path === '/clock' ? undefined : await store.stat(path);
    if (stat !== undefined) tree.set(path, stat.version);
  }
  return tree;
}

/** How each differs from the first. Pure. */
export function differences([first = new Map(), ...others]: readonly ServerTree[]): string[] {
  return others.flatMap((other, index) => {
    const paths = [...new Set([...first.keys(), ...other.keys()])].sort();
    const unlike = paths.filter((path) => first.get(path) !== other.get(path));
    const shown = unlike
      .slice(0, SHOWN)
      .map((path) => `${path} (${told(first, path)}, ${told(other, path)})`);
    return unlike.length === 0
      ? []
      : [`servers 1 and ${index + 2} differ in ${unlike.length} nodes: ${shown.join(', ')}`];
  });
}

function told(tree: ServerTree, path: string): string {
  const version = tree.get(path);
  return version === undefined ? 'absent' : `version ${version}`;
}
