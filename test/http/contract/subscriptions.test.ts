/** Subscriptions of topics, at two gateways. Receiving and settling are tested with those of queues. */
import { describe, expect, it } from 'vitest';
import { patient, useContract } from '../../support/contract-client.ts';
import { send } from '../../support/raw-http.ts';

const contract = useContract();

const DEFAULTS = { leaseSeconds: 30, ordering: 'none', startFrom: 'latest' };
const EMPTY = { messages: 0, ready: 0, leased: 0, delayed: 0, bytes: 0, oldestMessageAgeSeconds: null };

async function subscriptionPath(): Promise<string> {
  return `${(await contract.topic()).path}/subscriptions/${contract.name()}`;
}

describe('PUT/PATCH/GET/DELETE …/subscriptions/{subscription}', () => {
  it('PUT answers 201 created, then 200 replaced, with the subscription', async () => {
    const path = await subscriptionPath();
    const created = await contract.api.put(path).expect(201);
    expect(created.body).toEqual({
      name: path.split('/').at(-1),
      config: DEFAULTS,
      stats: EMPTY,
      createdAt: expect.any(String),
      updatedAt: created.body.createdAt,
    });
    const replaced = await contract.api.put(path).send({ leaseSeconds: 5 }).expect(200);
    expect(replaced.body.config).toEqual({ ...DEFAULTS, leaseSeconds: 5 });
  });

  it('keeps every option', async () => {
    const deadLetters = await contract.queue();
    const config = {
      leaseSeconds: 0.5,
      maxDeliveries: 3,
      deadLetterQueue: deadLetters.name,
      ordering: 'group',
      filter: { kind: ['created', 'paid'], 'x.y-z_1': [''] },
      startFrom: 'earliest',
    };
    const subscription = await contract.subscription(await contract.topic(), config);
    expect(await subscription.config()).toEqual(config);
  });

  it.each(['delaySeconds', 'priorities', 'maxMessages', 'retentionSeconds', 'dedupWindowSeconds'])(
    'has no %s',
    async (option) => {
      const { body } = await contract.api
        .put(await subscriptionPath())
        .send({ [option]: 1 })
        .expect(400);
      expect(body.errors[0].path).toBe(option);
    },
  );

  it('PATCH merges, into the filter too; null resets', async () => {
    const filter = { kind: ['a'], place: ['b'] };
    const subscription = await contract.subscription(await contract.topic(), { leaseSeconds: 5, filter });
    const patch = { leaseSeconds: null, filter: { kind: ['c'], place: null } };
    const { body } = await contract.api.patch(subscription.path).send(patch).expect(200);
    expect(body.config).toEqual({ ...DEFAULTS, filter: { kind: ['c'] } });
    await subscription.change({ filter: null });
    expect(await subscription.config()).toEqual(DEFAULTS);
  });

  it('is 404 for a topic or subscription that does not exist', async () => {
    const path = await subscriptionPath();
    const nowhere = `/v1/topics/${contract.name()}/subscriptions/a`;
    await contract.api.put(nowhere).expect(404);
    for (const missing of [path, nowhere]) {
      await contract.api.get(missing).expect(404);
      await contract.api.patch(missing).send({}).expect(404);
      await contract.api.delete(missing).expect(404);
      await contract.api.post(`${missing}/messages/receive`).expect(404);
      await contract.api.get(`${missing}/messages`).expect(404);
      await contract.api.post(`${missing}/purge`).expect(404);
      await contract.api.post(`${missing}/seek`).send({ to: 'latest' }).expect(404);
      for (const verb of ['ack', 'nack', 'reject']) {
        await contract.api
          .post(`${missing}/messages/${verb}`)
          .send({ receipts: ['x'] })
          .expect(404);
      }
    }
  });

  it('does not exist on a queue', async () => {
    const queue = await contract.queue();
    await contract.api.put(`/v1/topics/${queue.name}/subscriptions/a`).expect(404);
  });

  it('refuses a deadLetterQueue that does not exist (409)', async () => {
    const path = await subscriptionPath();
    const { body } = await contract.api.put(path).send({ deadLetterQueue: 'nowhere' }).expect(409);
    expect(body.code).toBe('conflict');
    await contract.api.get(path).expect(404);
  });

  it('PUT, PATCH and GET answer with an ETag; PUT, PATCH and DELETE honour If-Match, PUT also If-None-Match', async () => {
    const path = await subscriptionPath();
    const { etag = '' } = (await contract.api.put(path).set('If-None-Match', '*').expect(201)).headers;
    await contract.api.put(path).set('If-None-Match', '*').expect(412);
    expect((await contract.api.get(path).expect(200)).headers.etag).toBe(etag);
    await contract.api.patch(path).set('If-Match', '"stale"').send({ leaseSeconds: 2 }).expect(412);
    const patched = await contract.api
      .patch(path)
      .set('If-Match', etag)
      .send({ leaseSeconds: 2 })
      .expect(200);
    await contract.api.put(path).set('If-Match', etag).expect(412);
    await contract.api.delete(path).set('If-Match', etag).expect(412);
    await contract.api.delete(path).set('If-Match', `${patched.headers.etag}`).expect(204);
  });

  it('DELETE is 204; a new one of the name starts anew', async () => {
    const topic = await contract.topic();
    const subscription = await contract.subscription(topic);
    await topic.publishBodies(1);
    const { receipt } = await subscription.receiveOne();
    await contract.api.delete(subscription.path).expect(204);
    await contract.api.get(subscription.path).expect(404);
    await contract.api.put(subscription.path).expect(201);
    expect(await subscription.receive()).toEqual([]);
    expect(await subscription.outcome('ack', { receipt })).toBe('invalid');
  });
});

describe('GET …/subscriptions', () => {
  it('lists the subscriptions of the topic, by prefix, with limit and cursor', async () => {
    const topic = await contract.topic();
    const other = await contract.topic();
    await contract.subscription(other);
    for (const name of ['b', 'a', 'x', 'c']) {
      await contract.api.put(`${topic.path}/subscriptions/s.${name}`).expect(201);
    }
    await contract.api.put(`${topic.path}/subscriptions/other`).expect(201);
    const list = `${topic.path}/subscriptions?prefix=s.&limit=3`;
    const first = await contract.api.get(list).expect(200);
    const cursor = encodeURIComponent(first.body.nextCursor);
    const rest = await contract.api.get(`${list}&cursor=${cursor}`).expect(200);
    const listed = [...first.body.subscriptions, ...rest.body.subscriptions];
    expect(listed.map(({ name }) => name)).toEqual(['s.a', 's.b', 's.c', 's.x']);
    expect(listed[0]).toMatchObject({ config: DEFAULTS, stats: EMPTY });
    await contract.api.get(`/v1/topics/${contract.name()}/subscriptions`).expect(404);
  });
});

describe('a subscription', () => {
  it('made before a publish answered 201 sees that message, whichever replicas were involved', async () => {
    const topic = await contract.topic();
    for (const url of contract.gateways.urls) {
      await send(url, topic.path, { method: 'GET' });
    }
    for (let round = 0; round < 20; round += 1) {
      const subscription = await contract.subscription(topic);
      await topic.publishBodies(round);
      expect(await subscription.receive({ max: 10 })).toMatchObject([{ body: round }]);
    }
  });

  it('starts from the latest by default, from the earliest when told', async () => {
    const topic = await contract.topic({ retentionSeconds: 600 });
    await topic.publishBodies('before');
    const latest = await contract.subscription(topic);
    const earliest = await contract.subscription(topic, { startFrom: 'earliest' });
    await topic.publishBodies('after');
    expect(await latest.drain()).toEqual(['after']);
    expect(await earliest.drain()).toEqual(['before', 'after']);
  });

  it('has its own leases, acks and stats', async () => {
    const topic = await contract.topic();
    const one = await contract.subscription(topic);
    const other = await contract.subscription(topic);
    await topic.publishBodies('a', 'b', 'c');
    const message = await one.receiveOne();
    await one.outcome('ack', message);
    await one.receiveOne();
    expect(await one.stats()).toMatchObject({ messages: 2, ready: 1, leased: 1 });
    expect(await other.stats()).toMatchObject({ messages: 3, ready: 3, leased: 0, bytes: 9 });
    expect(await other.outcome('ack', message)).toBe('invalid');
    expect(await other.drain()).toEqual(['a', 'b', 'c']);
  });

  it('is not slowed by a slow one: neither sees the other’s backlog', async () => {
    const topic = await contract.topic();
    const slow = await contract.subscription(topic);
    const fast = await contract.subscription(topic);
    const batch = Array.from({ length: 500 }, (_, body) => ({ body }));
    for (let round = 0; round < 4; round += 1) {
      await topic.publish(...batch);
      expect(await fast.drain()).toHaveLength(500);
    }
    expect(await fast.stats()).toEqual(EMPTY);
    expect((await slow.stats()).messages).toBe(2000);
    expect(await slow.drain()).toHaveLength(2000);
  });

  it('purge: everything stored before is gone for it, and for no other', async () => {
    const topic = await contract.topic();
    const one = await contract.subscription(topic);
    const other = await contract.subscription(topic);
    await topic.publishBodies(1, 2);
    await one.purge();
    expect(await one.stats()).toEqual(EMPTY);
    await topic.publishBodies(3);
    expect(await one.drain()).toEqual([3]);
    expect(await other.drain()).toEqual([1, 2, 3]);
  });

  it('wakes who waits on it when a message is published at the other replica', async () => {
    const topic = await contract.topic();
    const subscriptions = await Promise.all([1, 2, 3].map(() => contract.subscription(topic)));
    const waiting = subscriptions.map((subscription) => subscription.receive({ waitSeconds: 40 }));
    await topic.publishBodies('now');
    for (const messages of await Promise.all(waiting)) {
      expect(messages).toMatchObject([{ body: 'now' }]);
    }
  });
});

describe('a filter', () => {
  const publishKinds = [
    { body: 1, attributes: { kind: 'created', place: 'here' } },
    { body: 2, attributes: { kind: 'paid' } },
    { body: 3, attributes: { kind: 'paid', place: 'here' } },
    { body: 4, attributes: { kind: 'Paid', place: 'here' } },
    { body: 5 },
  ];

  it('lets through what has one of the accepted values', async () => {
    const topic = await contract.topic();
    const subscription = await contract.subscription(topic, { filter: { kind: ['paid', 'created'] } });
    await topic.publish(...publishKinds);
    expect(await subscription.stats()).toMatchObject({ messages: 3, ready: 3 });
    expect(await subscription.drain()).toEqual([1, 2, 3]);
    expect(await subscription.stats()).toEqual(EMPTY);
  });

  it('must match in all its attributes', async () => {
    const topic = await contract.topic();
    const filter = { kind: ['paid'], place: ['here', 'there'] };
    const subscription = await contract.subscription(topic, { filter });
    await topic.publish(...publishKinds);
    expect((await subscription.peek()).map(({ body }) => body)).toEqual([3]);
    expect(await subscription.drain()).toEqual([3]);
  });

  it('keeps nothing back: a receive that waits is not answered with what does not match', async () => {
    const topic = await contract.topic();
    const subscription = await contract.subscription(topic, { filter: { kind: ['paid'] } });
    const waiting = subscription.receive({ waitSeconds: 40 });
    await topic.publish({ body: 'no', attributes: { kind: 'created' } });
    await topic.publish({ body: 'yes', attributes: { kind: 'paid' } });
    expect(await waiting).toMatchObject([{ body: 'yes' }]);
  });

  it('lets messages go that only it keeps out', async () => {
    const topic = await contract.topic();
    const subscription = await contract.subscription(topic, { filter: { kind: ['paid'] } });
    await topic.publish(...publishKinds);
    await subscription.drain();
    await expect.poll(async () => (await topic.peek()).length, patient).toBe(0);
  });

  it('is bounded: 32 attributes, 64 values each, each of 1024 characters', async () => {
    const path = await subscriptionPath();
    const attributes = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, ['v']]));
    const values = (count: number) => ({ a: Array.from({ length: count }, (_, index) => `${index}`) });
    for (const filter of [
      attributes(33),
      values(65),
      values(0),
      { a: ['x'.repeat(1025)] },
      { 'a b': ['x'] },
    ]) {
      await contract.api.put(path).send({ filter }).expect(400);
    }
    for (const filter of [attributes(32), values(64), { a: ['x'.repeat(1024)] }]) {
      expect((await contract.api.put(path).send({ filter })).body.config.filter).toEqual(filter);
    }
  });
});
