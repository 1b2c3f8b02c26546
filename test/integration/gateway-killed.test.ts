/** No state that matters lives in a gateway: killing one costs at most the leases' time. */
import { describe, expect, test } from 'vitest';
import { useGateways } from '../support/gateway-cluster.ts';
import { violations } from '../support/history-checker.ts';
import { Load, loadLimits } from '../support/load.ts';
import { answerOf } from '../support/queue-client.ts';

const cluster = useGateways();

describe('when a gateway is killed', () => {
  test(
    'under load, everything answered 201 is delivered and acked once and for all at the others',
    loadLimits,
    async () => {
      const gateways = await cluster.start(3);
      const clients = await cluster.createQueue(gateways);
      const load = new Load({ clients, producers: 16, consumers: 16, leaseSeconds: 2, mischief: 0.1 });
      load.start();
      for (const gateway of gateways.slice(0, 2)) {
        await load.whenMore(600);
        await gateway.kill();
      }
      await load.whenMore(600);
      await load.finish();
      console.log('gateway killed:', load.history.summary(), Object.fromEntries(load.problems));
      expect(load.problems.get('no answer')).toBeGreaterThan(0);
      expect(violations(load.history)).toEqual([]);
    },
  );

  test('the leases of its clients end at their time, and can be acked at another gateway before', async () => {
    const gateways = await cluster.start(2);
    const [killed, other] = await cluster.createQueue(gateways);
    if (killed === undefined || other === undefined) throw new Error('two gateways were asked for');
    for (const body of ['acked', 'kept']) answerOf(await killed.publish(body));
    const leased = answerOf(await killed.receive({ max: 2, leaseSeconds: 4 })).messages;
    expect(leased).toHaveLength(2);
    await gateways[0]?.kill();

    expect(answerOf(await other.receive({ max: 2 })).messages).toEqual([]);
    const [acked, kept] = leased;
    const outcomes = answerOf(await other.settle('ack', [acked?.receipt ?? '']));
    expect(outcomes).toMatchObject([{ outcome: 'ok' }]);
    const [again] = answerOf(await other.receive({ max: 2, waitSeconds: 30, leaseSeconds: 60 })).messages;
    expect(again).toMatchObject({ body: 'kept', deliveries: 2, id: kept?.id });
    const leasedMs = Date.parse(again?.leaseExpiresAt ?? '') - 60_000;
    expect(leasedMs).toBeGreaterThanOrEqual(Date.parse(kept?.leaseExpiresAt ?? ''));
    expect(answerOf(await other.settle('ack', [kept?.receipt ?? '']))).toMatchObject([{ outcome: 'lost' }]);
  });
});
