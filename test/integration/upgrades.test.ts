/** On a real server, a tree as each earlier version wrote it is read and used further. */
import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { look, takeAll } from '../support/every-use.ts';
import { startLocalGateway } from '../support/local-gateway.ts';
import { openTestStore } from '../support/test-store.ts';
import { fixtures, layOutOnServer, readTree } from '../support/written-tree.ts';
import { startZooKeeper, type ZooKeeperServer } from '../support/zookeeper-server.ts';

let server: ZooKeeperServer;
beforeAll(async () => {
  server = await startZooKeeper();
});
afterAll(() => server.stop());

test.each(readdirSync(fixtures))('%s', async (file) => {
  const tree = readTree(file);
  const address = `${server.address}/test-${randomUUID()}`;
  const store = await openTestStore(address);
  await layOutOnServer(store, tree);
  await store.close();
  const gateway = await startLocalGateway(address, { ZOOGATE_LOG_LEVEL: 'error' });
  try {
    await gateway.whenReady();
    const { said } = tree;
    const found = await look(gateway.url);
    const configs = (of: typeof said.resources) =>
      Object.fromEntries(Object.entries(of).map(([path, { config }]) => [path, config]));
    expect(configs(found.resources)).toMatchObject(configs(said.resources));
    // Leases and delays may be over by the real clock, so the order may be another one.
    const ids = (of: readonly { id: string }[]) => of.map(({ id }) => id).sort();
    for (const [path, messages] of Object.entries(said.messages)) {
      const now = ids(found.messages[path] ?? []);
      // Into a topic's log comes what was delayed, an hour after the tree was written.
      const isTopic = /^\/topics\/[^/]+$/.test(path);
      expect({ path, ids: now }).toEqual({
        path,
        ids: isTopic ? expect.arrayContaining(ids(messages)) : ids(messages),
      });
    }
    for (const path of ['/queues/options', '/queues/rolled', '/topics/news/subscriptions/purged']) {
      const taken = await takeAll(gateway.url, path);
      expect(taken.sort()).toEqual(ids(said.messages[path] ?? []));
    }
    expect(gateway.log).toBe('');
  } finally {
    await gateway.close();
  }
});
