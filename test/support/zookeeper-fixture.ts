/** A real server for the tests of one file, and stores and proxies that are closed after each test. */

import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { ZooKeeperStore } from '../../src/queue/zookeeper/session.ts';
import { startProxy, type TcpProxy } from './tcp-proxy.ts';
import { openTestStore, openUnconnected, type TestStoreOptions } from './test-store.ts';
import { startZooKeeper, type ZooKeeperServer } from './zookeeper-server.ts';

export interface ZooKeeperFixture {
  readonly server: ZooKeeperServer;
  /** A chroot that nobody has used. */
  freshChroot(): string;
  /** A connected store on a fresh chroot. */
  open(options?: TestStoreOptions): Promise<ZooKeeperStore>;
  /** A connected store with a proxy of its own before the server. */
  openThroughProxy(options?: TestStoreOptions): Promise<{ store: ZooKeeperStore; proxy: TcpProxy }>;
  /** A store that has only begun to connect. */
  begin(connectionString: string, options?: TestStoreOptions): ZooKeeperStore;
  startProxy(): Promise<TcpProxy>;
}

/** Registers the hooks; what it returns may be used inside tests. */
export function useZooKeeper(extraConfig: readonly string[] = []): ZooKeeperFixture {
  let server: ZooKeeperServer | undefined;
  let opened: { close(): Promise<void> }[] = [];
  const keep = <T extends { close(): Promise<void> }>(each: T): T => {
    opened.push(each);
    return each;
  };

  beforeAll(async () => {
    server = await startZooKeeper(extraConfig);
  });
  afterEach(async () => {
    const closing = opened.map((each) => each.close());
    opened = [];
    await Promise.all(closing);
  });
  afterAll(() => server?.stop());

  const fixture: ZooKeeperFixture = {
    get server() {
      if (!server) throw new Error('the server is started before the tests');
      return server;
    },
    freshChroot: () => `/test/${randomUUID()}`,
    open: async (options) => {
      return keep(await openTestStore(fixture.server.address + fixture.freshChroot(), options));
    },
    openThroughProxy: async (options) => {
      const proxy = await fixture.startProxy();
      const store = keep(await openTestStore(proxy.address + fixture.freshChroot(), options));
      return { store, proxy };
    },
    begin: (connectionString, options) => keep(openUnconnected(connectionString, options)),
    startProxy: async () => keep(await startProxy(fixture.server.port)),
  };
  return fixture;
}
