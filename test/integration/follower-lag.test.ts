/** Each gateway at a ZooKeeper server of its own: a follower may be behind, what gateways answer may not. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import { violations } from '../support/history-checker.ts';
import { Load } from '../support/load.ts';
import { answerOf, QueueClient } from '../support/queue-client.ts';
import { startEnsemble, type ZooKeeperEnsemble } from '../support/zookeeper-server.ts';

let ensemble: ZooKeeperEnsemble;
let gateways: GatewayProcess[] = [];

beforeAll(async () => {
  ensemble = await startEnsemble(3);
  gateways = await Promise.all(
    ensemble.servers.map(({ address }) =>
      GatewayProcess.start({
        zooKeeper: `${address}/zoogate`,
        variables: { ZOOGATE_LOG_LEVEL: 'warn', ZOOGATE_SESSION_TIMEOUT_MS: '4000' },
      }),
    ),
  );
});

afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.kill()));
  await ensemble.stop();
});

async function createQueue(name: string): Promise<QueueClient[]> {
  const clients = gateways.map(({ url }) => new QueueClient(url, name));
  await clients[0]?.create();
  return clients;
}

describe('with each gateway at another server of an ensemble', () => {
  test('a publish that was answered is found by a receive without waiting at any other', async () => {
    const clients = await createQueue('found');
    const empties: string[] = [];
    const publisher = async (number: number) => {
      for (let round = 0; round < 60; round += 1) {
        const [here, there] = [clients[number % 3], clients[(number + 1 + (round % 2)) % 3]];
        if (here === undefined || there === undefined) throw new Error('three gateways were started');
        answerOf(await here.publish(`${number}-${round}`));
        // Everyone takes one for each that it has published, so there is always one left for it.
        const { messages } = answerOf(await there.receive({ waitSeconds: 0, autoAck: true }));
        if (messages.length === 0) empties.push(`${number}-${round}`);
      }
    };
    await Promise.all(Array.from({ length: 6 }, (_, number) => publisher(number)));
    expect(empties).toEqual([]);
    expect((await clients[0]?.stats())?.messages).toBe(0);
  });

  test('a queue that was just created is there for everyone', async () => {
    for (let round = 0; round < 30; round += 1) {
      const [, second, third] = await createQueue(`created-${round}`);
      expect(await Promise.all([second?.stats(), third?.stats()])).toMatchObject([
        { messages: 0 },
        { messages: 0 },
      ]);
    }
  });

  test('when a server is killed under load, nothing is lost and nothing refused appears later', async () => {
    const clients = await createQueue('killed');
    const load = new Load({ clients, producers: 9, consumers: 18, leaseSeconds: 2, mischief: 0.05 });
    load.start();
    for (const server of ensemble.servers) {
      await load.whenMore(200);
      await server.restart();
      await load.whenMore(200);
    }
    await load.finish();
    console.log('a server killed:', load.history.summary(), Object.fromEntries(load.problems));
    expect(violations(load.history)).toEqual([]);
  });
});
