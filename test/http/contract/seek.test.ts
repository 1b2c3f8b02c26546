/** POST …/subscriptions/{subscription}/seek, at two gateways. */
import { describe, expect, it } from 'vitest';
import { type Place, patient, type Source, useContract } from '../../support/contract-client.ts';

const contract = useContract();

async function retained(config: object = {}): Promise<{ topic: Place; subscription: Source }> {
  const topic = await contract.topic({ retentionSeconds: 3600 });
  return { topic, subscription: await contract.subscription(topic, config) };
}

function seek(subscription: Source, to: string) {
  return contract.api.post(`${subscription.path}/seek`).send({ to });
}

describe('seek', () => {
  it('to earliest replays what was acked and what was not', async () => {
    const { topic, subscription } = await retained();
    const ids = await topic.publishBodies(1, 2, 3);
    await subscription.receive({ max: 2, autoAck: true });
    await seek(subscription, 'earliest').expect(204);
    expect(await subscription.stats()).toMatchObject({ messages: 3, ready: 3 });
    const replayed = await subscription.receive({ max: 10 });
    expect(replayed.map(({ id }) => id)).toEqual(ids);
    for (const { deliveries } of replayed) {
      expect(deliveries).toBe(1);
    }
  });

  it('to latest skips everything published before', async () => {
    const { topic, subscription } = await retained();
    await topic.publishBodies(1, 2, 3);
    await subscription.receive();
    await seek(subscription, 'latest').expect(204);
    expect(await subscription.stats()).toMatchObject({ messages: 0, leased: 0 });
    await topic.publishBodies(4);
    expect(await subscription.drain()).toEqual([4]);
  });

  it('to an instant replays what was published from then on', async () => {
    const { topic, subscription } = await retained();
    await topic.publishBodies('before');
    // Until the clock has moved on by a millisecond, so that the instant tells the two apart.
    let last: string | undefined;
    await expect
      .poll(async () => {
        await topic.publishBodies('after');
        const messages = await topic.peek('?limit=1000');
        last = messages.at(-1)?.publishedAt;
        return last !== messages.at(-2)?.publishedAt && last !== messages[0]?.publishedAt;
      }, patient)
      .toBe(true);
    await seek(subscription, `${last}`).expect(204);
    expect(await subscription.drain()).toEqual(['after']);
    await seek(subscription, '2000-01-01T00:00:00+01:00').expect(204);
    expect((await subscription.drain()).slice(0, 2)).toEqual(['before', 'after']);
  });

  it('to an instant that nothing was published after skips everything', async () => {
    const { topic, subscription } = await retained();
    await topic.publishBodies(1, 2);
    await seek(subscription, new Date(Date.now() + 3600_000).toISOString()).expect(204);
    expect(await subscription.receive()).toEqual([]);
  });

  it.each(['earliest', 'latest'])('to %s makes all older receipts lost, acked ones too', async (to) => {
    const { topic, subscription } = await retained();
    await topic.publishBodies(1, 2, 3);
    const [acked, leased] = (await subscription.receive({ max: 2 })).map(({ receipt }) => receipt);
    const receipts = [acked ?? '', leased ?? ''];
    await subscription.settle('ack', [acked ?? '']);
    await seek(subscription, to).expect(204);
    for (const verb of ['ack', 'nack', 'extend', 'reject'] as const) {
      const options = verb === 'extend' ? { leaseSeconds: 60 } : {};
      expect(await subscription.settle(verb, receipts, options)).toEqual(['lost', 'lost']);
    }
    const { messages, leased: stillLeased } = await subscription.stats();
    expect([messages, stillLeased]).toEqual([to === 'earliest' ? 3 : 0, 0]);
  });

  it('concerns no other subscription', async () => {
    const { topic, subscription } = await retained();
    const other = await contract.subscription(topic);
    await topic.publishBodies(1, 2);
    const message = await other.receiveOne();
    await subscription.drain();
    await seek(subscription, 'earliest').expect(204);
    expect(await other.stats()).toMatchObject({ messages: 2, leased: 1 });
    expect(await other.outcome('ack', message)).toBe('ok');
  });

  it('applies the filter to what is replayed', async () => {
    const { topic, subscription } = await retained({ filter: { kind: ['a'] } });
    await topic.publish({ body: 1, attributes: { kind: 'a' } }, { body: 2, attributes: { kind: 'b' } });
    await subscription.drain();
    await seek(subscription, 'earliest').expect(204);
    expect(await subscription.drain()).toEqual([1]);
  });

  it('wakes who waits', async () => {
    const { topic, subscription } = await retained();
    await topic.publishBodies('again');
    await subscription.drain();
    const waiting = subscription.receive({ waitSeconds: 40 });
    await seek(subscription, 'earliest').expect(204);
    expect(await waiting).toMatchObject([{ body: 'again' }]);
  });

  it('replays only what the topic still has', async () => {
    const topic = await contract.topic();
    const subscription = await contract.subscription(topic);
    await topic.publishBodies(1);
    await subscription.drain();
    await expect.poll(async () => (await topic.peek()).length, patient).toBe(0);
    await topic.publishBodies(2);
    await seek(subscription, 'earliest').expect(204);
    expect(await subscription.drain()).toEqual([2]);
  });

  it('brings back what is delayed too', async () => {
    const { topic, subscription } = await retained();
    await topic.publish({ body: 'later', delaySeconds: 1 }, { body: 'now' });
    await subscription.receive({ autoAck: true });
    await seek(subscription, 'earliest').expect(204);
    expect((await subscription.receiveOne()).body).toBe('now');
    expect((await subscription.receiveOne()).body).toBe('later');
  });

  it.each(['yesterday', 'Earliest', '', '2030-02-30T00:00:00Z', '2030-01-01'])(
    'to %j is refused',
    async (to) => {
      const { subscription } = await retained();
      const { body } = await seek(subscription, to).expect(400);
      expect(body.errors[0].path).toBe('to');
    },
  );

  it('needs to be told where to', async () => {
    const { subscription } = await retained();
    await contract.api.post(`${subscription.path}/seek`).send({}).expect(400);
    await contract.api.post(`${subscription.path}/seek`).expect(400);
  });
});
