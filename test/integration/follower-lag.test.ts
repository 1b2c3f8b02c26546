/** Each gateway at a ZooKeeper server of its own: a follower may be behind, what gateways answer may not. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import { answerOf, QueueClient } from '../support/queue-client.ts';
import { SlowLink } from '../support/slow-link.ts';
import { startEnsemble, type ZooKeeperEnsemble } from '../support/zookeeper-server.ts';

/** Far longer than a gateway takes to look twice. */
const lagMs = 60;

let ensemble: ZooKeeperEnsemble;
let links: SlowLink[] = [];
let gateways: GatewayProcess[] = [];

beforeAll(async () => {
  // The first server, which is no leader as long as others are there, hears of commits late; the other two are a quorum.
  ensemble = await startEnsemble(3, [], async (viewerId, _peerId, peerPort) => {
    if (viewerId !== 1) return peerPort;
    const link = await SlowLink.start(peerPort, lagMs);
    links = [...links, link];
    return link.port;
  });
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
  await Promise.all(links.map((link) => link.close()));
});

/** @param creator which of the gateways is asked */
async function createQueue(name: string, creator = 0): Promise<QueueClient[]> {
  const clients = gateways.map(({ url }) => new QueueClient(url, name));
  await clients[creator]?.create();
  return clients;
}

describe('with each gateway at another server of an ensemble', () => {
  test('a publish that was answered is found at the server that hears of it last', async () => {
    const [lagging, second, third] = await createQueue('lagging');
    if (lagging === undefined || second === undefined || third === undefined)
      throw new Error('three gateways');
    expect(await ensemble.servers[0]?.command('srvr')).toContain('Mode: follower');
    for (let round = 0; round < 20; round += 1) {
      answerOf(await (round % 2 === 0 ? second : third).publish(`${round}`));
      const { messages } = answerOf(await lagging.receive({ waitSeconds: 0, autoAck: true }));
      expect(messages.map(({ body }) => body)).toEqual([`${round}`]);
    }
  });

  test('a queue that was just created is there for everyone', async () => {
    for (let round = 0; round < 10; round += 1) {
      const [lagging, , third] = await createQueue(`created-${round}`, 1);
      expect(await Promise.all([lagging?.stats(), third?.stats()])).toMatchObject([
        { messages: 0 },
        { messages: 0 },
      ]);
    }
  });
});
