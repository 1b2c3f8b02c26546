import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { storeConformance } from '../../support/store-conformance.ts';
import { openTestStore } from '../../support/test-store.ts';
import { startZooKeeper, type ZooKeeperServer } from '../../support/zookeeper-server.ts';

let server: ZooKeeperServer;
beforeAll(async () => {
  server = await startZooKeeper();
}, 60_000);
afterAll(() => server.stop());

storeConformance('the store on a real server', async () => {
  const store = await openTestStore(`${server.address}/conformance/${randomUUID()}`);
  return { store, close: () => store.close() };
});
