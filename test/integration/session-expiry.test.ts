/** The ensemble ends a gateway's session, as after a long pause: the gateway goes on by itself. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type GatewayPair, useGateways } from '../support/gateway-cluster.ts';
import { violations } from '../support/history-checker.ts';
import { Load, loadLimits } from '../support/load.ts';
import { answerOf } from '../support/queue-client.ts';
import { waitUntil, wakeLimitMs } from '../support/wait-until.ts';

const cluster = useGateways('file');
let pair: GatewayPair;

beforeAll(async () => {
  pair = await cluster.startPair();
});

describe('when the session of a gateway expires', () => {
  test(
    'again and again under load, nothing is lost and nothing refused appears later',
    loadLimits,
    async () => {
      const { proxy } = pair;
      const clients = await pair.createQueue();
      const load = new Load({ clients, producers: 8, consumers: 16, leaseSeconds: 2, mischief: 0.05 });
      load.start();
      for (let times = 0; times < 3; times += 1) {
        await load.whenMore(200);
        const { sessionId } = proxy.credentials ?? {};
        await proxy.expireSession();
        await load.whenMore(200);
        expect(proxy.credentials?.sessionId).not.toEqual(sessionId);
      }
      await load.finish();
      console.log('session expiry:', load.history.summary(), Object.fromEntries(load.problems));
      expect(violations(load.history)).toEqual([]);
    },
  );

  test('a consumer that waits there is woken by a publish elsewhere', async () => {
    const { proxy } = pair;
    const [expiring, other] = await pair.createQueue();
    const poll = expiring.receive({ waitSeconds: 50 });
    let isAnswered = false;
    poll.then(() => {
      isAnswered = true;
    }, expect.fail);
    await expiring.stats();
    await proxy.expireSession();
    // Answered by the new session.
    await expiring.stats();
    answerOf(await other.publish('a'));
    await waitUntil(() => isAnswered, 'the consumer is woken', wakeLimitMs);
    expect(answerOf(await poll).messages).toMatchObject([{ body: 'a', deliveries: 1 }]);
  });
});
