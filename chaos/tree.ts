/** What is left in ZooKeeper, as it is there. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ZooKeeperStore } from '../src/queue/zookeeper/session.ts';
import { openTestStore } from '../test/support/test-store.ts';
import { waitUntil } from '../test/support/wait-until.ts';
import type { Cluster } from './cluster.ts';

/** Ids that were used lately are kept for their window, however many there are. */
const recentIds = /^\/transactions\/|^\/data\/[^/]+\/dedup\//;
const tidyLimitMs = 90_000;
/** Between two looks at all of it. */
const lookMs = 500;

/**
 * Waits until there are at most so many nodes, recent ids not counted, and returns what is wrong if that does not
 * come about.
 *
 * @param also what must be true of them besides
 */
export async function tidyViolations(
  cluster: Cluster,
  nodesMax: number,
  also: (paths: readonly string[]) => boolean = () => true,
): Promise<string[]> {
  const [server] = cluster.servers;
  const store = await openTestStore(`${server?.address}${cluster.chroot}`);
  let paths: readonly string[] = [];
  const isTidy = async () => {
    await sleep(lookMs);
    paths = (await nodesBelow(store, '')).filter((path) => !recentIds.test(path));
    return paths.length <= nodesMax && also(paths);
  };
  try {
    await waitUntil(isTidy, 'the tree is tidy', tidyLimitMs);
    return [];
  } catch {
    return [`${paths.length} nodes are left where ${nodesMax} should be: ${paths.slice(0, 60).join(' ')}`];
  } finally {
    await store.close();
  }
}

/** Paths of all nodes below this one. */
export async function nodesBelow(store: ZooKeeperStore, path: string): Promise<string[]> {
  const listed = await store.list(path === '' ? '/' : path);
  const children = (listed?.children ?? []).map((name) => `${path}/${name}`);
  const below = await Promise.all(children.map((child) => nodesBelow(store, child)));
  return [...children, ...below.flat()];
}
