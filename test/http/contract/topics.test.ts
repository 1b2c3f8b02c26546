/** Topics, at two gateways. Publishing to them is with the publishing, limits with the limits. */
import { describe, expect, it } from 'vitest';
import { patient, useContract } from '../../support/contract-client.ts';

const contract = useContract();

const DEFAULTS = { delaySeconds: 0, priorities: 1, dedupWindowSeconds: 300 };

describe('PUT/PATCH/GET/DELETE /v1/topics/{topic}', () => {
  it('PUT answers 201 created, then 200 replaced, with the topic', async () => {
    const path = `/v1/topics/${contract.name()}`;
    const created = await contract.api.put(path).expect(201);
    expect(created.body).toEqual({
      name: path.split('/').at(-1),
      config: DEFAULTS,
      stats: expect.objectContaining({ messages: 0, bytes: 0, oldestMessageAgeSeconds: null }),
      createdAt: expect.any(String),
      updatedAt: created.body.createdAt,
    });
    const replaced = await contract.api.put(path).send({ retentionSeconds: 60 }).expect(200);
    expect(replaced.body.config).toEqual({ ...DEFAULTS, retentionSeconds: 60 });
  });

  it('keeps every option', async () => {
    const config = {
      retentionSeconds: 3600,
      retentionBytes: 1_000_000,
      messageTtlSeconds: 60.5,
      maxMessages: 10,
      maxBytes: 1000,
      delaySeconds: 1.5,
      priorities: 10,
      dedupWindowSeconds: 10,
    };
    const topic = await contract.topic(config);
    expect(await topic.config()).toEqual(config);
  });

  it.each(['ordering', 'leaseSeconds', 'maxDeliveries', 'deadLetterQueue', 'filter', 'startFrom'])(
    'has no %s',
    async (option) => {
      const { body } = await contract.api
        .put(`/v1/topics/${contract.name()}`)
        .send({ [option]: 'none' })
        .expect(400);
      expect(body.errors[0].path).toBe(option);
    },
  );

  it('PATCH merges, null resets', async () => {
    const topic = await contract.topic({ retentionSeconds: 60, maxMessages: 5 });
    const { body } = await contract.api
      .patch(topic.path)
      .send({ retentionSeconds: null, priorities: 2 })
      .expect(200);
    expect(body.config).toEqual({ ...DEFAULTS, maxMessages: 5, priorities: 2 });
    await contract.api.patch(`/v1/topics/${contract.name()}`).send({}).expect(404);
  });

  it('PUT, PATCH and GET answer with an ETag; PUT, PATCH and DELETE honour If-Match, PUT also If-None-Match', async () => {
    const path = `/v1/topics/${contract.name()}`;
    const { etag = '' } = (await contract.api.put(path).set('If-None-Match', '*').expect(201)).headers;
    await contract.api.put(path).set('If-None-Match', '*').expect(412);
    expect((await contract.api.get(path).expect(200)).headers.etag).toBe(etag);
    await contract.api.patch(path).set('If-Match', '"stale"').send({ priorities: 2 }).expect(412);
    const patched = await contract.api.patch(path).set('If-Match', etag).send({ priorities: 2 }).expect(200);
    await contract.api.put(path).set('If-Match', etag).expect(412);
    await contract.api.delete(path).set('If-Match', etag).expect(412);
    await contract.api.delete(path).set('If-Match', `${patched.headers.etag}`).expect(204);
  });

  it('DELETE takes its subscriptions with it; the name can be used again at once', async () => {
    const topic = await contract.topic();
    const subscription = await contract.subscription(topic);
    await topic.publishBodies(1);
    await contract.api.delete(topic.path).expect(204);
    await contract.api.get(topic.path).expect(404);
    await contract.api.get(subscription.path).expect(404);
    await topic.tryPublish({ body: 1 }).expect(404);
    await contract.api.put(topic.path).expect(201);
    await contract.api.get(subscription.path).expect(404);
    await contract.api.put(subscription.path).send({ startFrom: 'earliest' }).expect(201);
    expect(await subscription.receive()).toEqual([]);
  });
});

describe('GET /v1/topics', () => {
  it('lists by prefix, with limit and cursor, and no queues', async () => {
    const prefix = contract.name();
    for (const name of ['b', 'a', 'c']) {
      await contract.api.put(`/v1/topics/${prefix}.${name}`).expect(201);
    }
    await contract.api.put(`/v1/queues/${prefix}.aa`).expect(201);
    const first = await contract.api.get(`/v1/topics?prefix=${prefix}&limit=2`).expect(200);
    const cursor = encodeURIComponent(first.body.nextCursor);
    const rest = await contract.api.get(`/v1/topics?prefix=${prefix}&limit=2&cursor=${cursor}`).expect(200);
    const names = [...first.body.topics, ...rest.body.topics].map(({ name }) => name);
    expect(names).toEqual(['a', 'b', 'c'].map((name) => `${prefix}.${name}`));
    expect(rest.body).not.toHaveProperty('nextCursor');
  });
});

describe('POST /v1/topics/{topic}/messages', () => {
  it('stores once, however many subscriptions there are: each gets every message', async () => {
    const topic = await contract.topic();
    const subscriptions = await Promise.all(Array.from({ length: 5 }, () => contract.subscription(topic)));
    const ids = await topic.publishBodies('a', 'b', 'c');
    expect(await topic.stats()).toMatchObject({ messages: 3, bytes: 9 });
    for (const subscription of subscriptions) {
      const received = await subscription.receive({ max: 10 });
      expect(received.map(({ id, body }) => [id, body])).toEqual([
        [ids[0], 'a'],
        [ids[1], 'b'],
        [ids[2], 'c'],
      ]);
    }
  });

  it('is fine without any subscription', async () => {
    const topic = await contract.topic();
    await topic.publishBodies(1, 2);
    const late = await contract.subscription(topic);
    await topic.publishBodies(3);
    expect(await late.drain()).toEqual([3]);
  });

  it('is 404 for a topic that does not exist, and for a queue', async () => {
    const queue = await contract.queue();
    for (const name of [contract.name(), queue.name]) {
      await contract.api
        .post(`/v1/topics/${name}/messages`)
        .send({ messages: [{ body: 1 }] })
        .expect(404);
    }
  });
});

describe('GET /v1/topics/{topic}/messages', () => {
  it('browses the log, oldest first, page by page', async () => {
    const topic = await contract.topic({ retentionSeconds: 600 });
    const ids = await topic.publishBodies(...Array(7).keys());
    const seen: string[] = [];
    let query = '?limit=3';
    while (query !== '') {
      const { body } = await contract.api.get(`${topic.path}/messages${query}`).expect(200);
      expect(body.messages.length).toBeLessThanOrEqual(3);
      seen.push(...body.messages.map(({ id }: { id: string }) => id));
      query = body.nextCursor === undefined ? '' : `?limit=3&cursor=${encodeURIComponent(body.nextCursor)}`;
    }
    expect(seen).toEqual(ids);
  });

  it('shows messages as they were published, without a receipt', async () => {
    const topic = await contract.topic({ retentionSeconds: 600 });
    const [id] = await topic.publish({ body: { a: 1 }, attributes: { kind: 'x' }, group: 'g' });
    const [message] = await topic.peek();
    expect(message).toMatchObject({
      id,
      body: { a: 1 },
      contentType: 'application/json',
      attributes: { kind: 'x' },
      group: 'g',
      priority: 0,
      publishedAt: expect.any(String),
    });
    expect(message).not.toHaveProperty('receipt');
  });

  it('leases nothing, and shows acked messages while they are retained', async () => {
    const topic = await contract.topic({ retentionSeconds: 600 });
    const subscription = await contract.subscription(topic);
    await topic.publishBodies(1, 2);
    await subscription.receive({ autoAck: true });
    expect((await topic.peek()).map(({ body }) => body)).toEqual([1, 2]);
    expect(await subscription.stats()).toMatchObject({ messages: 1, ready: 1, leased: 0 });
  });

  it('is 404 for a topic that does not exist', async () => {
    await contract.api.get(`/v1/topics/${contract.name()}/messages`).expect(404);
  });
});

describe('retention', () => {
  it('is none when both options are absent: a message goes as soon as every subscription has acked it', async () => {
    const topic = await contract.topic();
    const one = await contract.subscription(topic);
    const other = await contract.subscription(topic);
    await topic.publishBodies(1, 2);
    await one.drain();
    expect((await topic.peek()).map(({ body }) => body)).toEqual([1, 2]);
    await other.drain();
    await expect.poll(async () => (await topic.peek()).length, patient).toBe(0);
    await expect.poll(async () => (await topic.stats()).messages, patient).toBe(0);
  });

  it('keeps acked messages for replay', async () => {
    const topic = await contract.topic({ retentionSeconds: 600 });
    const subscription = await contract.subscription(topic);
    await topic.publishBodies(1, 2, 3);
    await subscription.drain();
    const replay = await contract.subscription(topic, { startFrom: 'earliest' });
    expect(await replay.drain()).toEqual([1, 2, 3]);
  });

  it('by retentionBytes keeps the newest acked messages for replay', async () => {
    const topic = await contract.topic({ retentionBytes: 1_000_000 });
    const subscription = await contract.subscription(topic);
    await topic.publishBodies(1, 2);
    await subscription.drain();
    const replay = await contract.subscription(topic, { startFrom: 'earliest' });
    expect(await replay.drain()).toEqual([1, 2]);
  });

  it('by retentionSeconds lets go of acked messages that are older', async () => {
    const topic = await contract.topic({ retentionSeconds: 1 });
    const subscription = await contract.subscription(topic);
    await topic.publishBodies(1);
    await subscription.drain();
    const replayed = async () => {
      const replay = await contract.subscription(topic, { startFrom: 'earliest' });
      return replay.drain();
    };
    await expect.poll(replayed, { ...patient, interval: 300 }).toEqual([]);
  });

  it('never lets go of what a subscription has not acked', async () => {
    const topic = await contract.topic({ retentionSeconds: 0.5, retentionBytes: 1 });
    const subscription = await contract.subscription(topic);
    await topic.publishBodies(1, 2, 3);
    const beacon = await contract.queue();
    await beacon.publish({ body: 'a while later', delaySeconds: 1.5 });
    await beacon.receiveOne();
    expect(await subscription.drain()).toEqual([1, 2, 3]);
  });
});
