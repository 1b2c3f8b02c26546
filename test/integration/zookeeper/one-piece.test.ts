/** Requests of one turn of the event loop cost one system call, however many there are. */
import { randomUUID } from 'node:crypto';
import { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openTestStore } from '../../support/test-store.ts';
import { create } from '../../support/write-builders.ts';
import { startZooKeeper, type ZooKeeperServer } from '../../support/zookeeper-server.ts';

let server: ZooKeeperServer;
beforeAll(async () => {
  server = await startZooKeeper();
});
afterAll(() => server.stop());

test('what is asked for at once goes to the server in one piece', async () => {
  const store = await openTestStore(`${server.address}/${randomUUID()}`);
  let pieces = 0;
  for (const method of ['_write', '_writev'] as const) {
    const original = Socket.prototype[method] as (...parameters: unknown[]) => void;
    vi.spyOn(Socket.prototype, method).mockImplementation(function (this: Socket, ...parameters: unknown[]) {
      if (this.remotePort === server.port) pieces += 1;
      return original.apply(this, parameters);
    });
  }
  try {
    await store.commit([create('/a')]);
    expect(pieces).toBe(1);
    pieces = 0;
    const asked = Array.from({ length: 20 }, (_, at) =>
      at % 2 === 0 ? store.stat('/a') : store.commit([create(`/a/${at}`)]),
    );
    await Promise.all(asked);
    // A ping may come in between.
    expect(pieces).toBeLessThan(4);
  } finally {
    vi.restoreAllMocks();
    await store.close();
  }
});
