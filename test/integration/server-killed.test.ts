/** An ensemble of three servers and a gateway at each: any one server may die at any time. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import { violations } from '../support/history-checker.ts';
import { Load, loadLimits } from '../support/load.ts';
import { QueueClient } from '../support/queue-client.ts';
import { startEnsemble, type ZooKeeperEnsemble } from '../support/zookeeper-server.ts';

let ensemble: ZooKeeperEnsemble;
let gateways: GatewayProcess[] = [];

beforeAll(async () => {
  ensemble = await startEnsemble(3);
  const { connectionString, servers } = ensemble;
  // Each at first at a server of its own, and able to go to the others.
  const orders = servers.map(({ address }) => [address, ...connectionString.split(',')].join(','));
  gateways = await Promise.all(
    orders.map((order) =>
      GatewayProcess.start({
        zooKeeper: `${order}/zoogate`,
        variables: { ZOOGATE_LOG_LEVEL: 'warn', ZOOGATE_SESSION_TIMEOUT_MS: '4000' },
      }),
    ),
  );
});

afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.kill()));
  await ensemble.stop();
});

test(
  'when each server in turn is killed under load, nothing is lost and nothing refused appears later',
  loadLimits,
  async () => {
    const clients = gateways.map(({ url }) => new QueueClient(url, 'orders'));
    await clients[0]?.create();
    const load = new Load({ clients, producers: 9, consumers: 18, leaseSeconds: 2, mischief: 0.05 });
    load.start();
    for (const server of ensemble.servers) {
      await load.whenMore(200);
      await server.kill();
      // Two of three go on without it.
      await load.whenMore(200);
      await server.restart();
    }
    await load.finish();
    console.log('a server killed:', load.history.summary(), Object.fromEntries(load.problems));
    expect(violations(load.history)).toEqual([]);
  },
);
