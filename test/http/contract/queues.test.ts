/** The section "Queues" of the contract, at two gateways. Redrive is with the dead letters. */
import { describe, expect, it } from 'vitest';
import { useContract } from '../../support/contract-client.ts';

const contract = useContract();

const DEFAULTS = {
  leaseSeconds: 30,
  delaySeconds: 0,
  ordering: 'none',
  priorities: 1,
  dedupWindowSeconds: 300,
};
const EMPTY = { messages: 0, ready: 0, leased: 0, delayed: 0, bytes: 0, oldestMessageAgeSeconds: null };

describe('PUT /v1/queues/{queue}', () => {
  it('answers 201 created, then 200 replaced, with the queue', async () => {
    const path = `/v1/queues/${contract.name()}`;
    const created = await contract.api.put(path).send({ leaseSeconds: 60 }).expect(201);
    expect(created.body).toEqual({
      name: path.split('/').at(-1),
      config: { ...DEFAULTS, leaseSeconds: 60 },
      stats: EMPTY,
      createdAt: expect.any(String),
      updatedAt: created.body.createdAt,
    });
    const replaced = await contract.api.put(path).send({ maxMessages: 5 }).expect(200);
    expect(replaced.body.config).toEqual({ ...DEFAULTS, maxMessages: 5 });
    expect(replaced.body.createdAt).toBe(created.body.createdAt);
  });

  it('takes no body for the defaults', async () => {
    const { body } = await contract.api.put(`/v1/queues/${contract.name()}`).expect(201);
    expect(body.config).toEqual(DEFAULTS);
  });

  it('keeps every option', async () => {
    const deadLetters = await contract.queue();
    const config = {
      leaseSeconds: 0.5,
      maxDeliveries: 3,
      deadLetterQueue: deadLetters.name,
      delaySeconds: 1.5,
      messageTtlSeconds: 3600,
      maxMessages: 10,
      maxBytes: 1000,
      ordering: 'group',
      priorities: 10,
      dedupWindowSeconds: 86_400,
    };
    const queue = await contract.queue(config);
    expect(await queue.config()).toEqual(config);
  });

  it.each([
    ['leaseSeconds', [0.5, 43_200], [0.4, 43_200.5]],
    ['priorities', [1, 10], [0, 11]],
    ['dedupWindowSeconds', [1, 86_400], [0.9, 86_401]],
    ['ordering', ['none', 'group', 'strict'], ['fifo']],
    ['maxDeliveries', [1], [0]],
  ])('bounds %s', async (option, fine, bad) => {
    const { path } = await contract.queue();
    for (const value of fine) {
      await contract.api
        .put(path)
        .send({ [option]: value })
        .expect(200);
    }
    for (const value of bad) {
      await contract.api
        .put(path)
        .send({ [option]: value })
        .expect(400);
    }
  });

  it('refuses a deadLetterQueue that does not exist (409), is a topic (409) or is itself (400)', async () => {
    const topic = await contract.topic();
    const path = `/v1/queues/${contract.name()}`;
    const missing = await contract.api.put(path).send({ deadLetterQueue: 'nowhere' }).expect(409);
    expect(missing.body.code).toBe('conflict');
    await contract.api.put(path).send({ deadLetterQueue: topic.name }).expect(409);
    const name = path.split('/').at(-1);
    const itself = await contract.api.put(path).send({ deadLetterQueue: name }).expect(400);
    expect(itself.body.code).toBe('validation');
    await contract.api.get(path).expect(404);
  });
});

describe('PATCH /v1/queues/{queue}', () => {
  it.each(['application/merge-patch+json', 'application/json'])(
    'takes a JSON merge patch as %s and answers 200 with the queue',
    async (type) => {
      const { path } = await contract.queue({ leaseSeconds: 60, maxMessages: 5 });
      const answer = await contract.api
        .patch(path)
        .set('Content-Type', type)
        .send('{"priorities":3,"maxMessages":null}')
        .expect(200);
      expect(answer.body.config).toEqual({ ...DEFAULTS, leaseSeconds: 60, priorities: 3 });
      expect(answer.headers.etag).toBe((await contract.api.get(path).expect(200)).headers.etag);
    },
  );

  it('refuses a deadLetterQueue that does not exist (409) or is itself (400)', async () => {
    const { path, name } = await contract.queue();
    await contract.api.patch(path).send({ deadLetterQueue: 'nowhere' }).expect(409);
    await contract.api.patch(path).send({ deadLetterQueue: name }).expect(400);
  });

  it('is 404 for a queue that does not exist', async () => {
    await contract.api.patch(`/v1/queues/${contract.name()}`).send({}).expect(404);
  });
});

describe('ETag and conditions', () => {
  it('PUT, PATCH and GET answer with an ETag of the config, not of the stats', async () => {
    const path = `/v1/queues/${contract.name()}`;
    const { etag } = (await contract.api.put(path).expect(201)).headers;
    await contract.api
      .post(`${path}/messages`)
      .send({ messages: [{ body: 1 }] })
      .expect(201);
    expect((await contract.api.get(path).expect(200)).headers.etag).toBe(etag);
    const patched = (await contract.api.patch(path).send({ leaseSeconds: 5 }).expect(200)).headers.etag;
    expect(patched).not.toBe(etag);
    expect((await contract.api.get(path).expect(200)).headers.etag).toBe(patched);
  });

  it('PUT, PATCH and DELETE honour If-Match', async () => {
    const { path } = await contract.queue();
    const { etag = '' } = (await contract.api.get(path).expect(200)).headers;
    const stale = '"stale"';
    const refused = await contract.api.put(path).set('If-Match', stale).expect(412);
    expect(refused.body.code).toBe('precondition-failed');
    await contract.api.patch(path).set('If-Match', stale).send({ leaseSeconds: 9 }).expect(412);
    await contract.api.delete(path).set('If-Match', stale).expect(412);
    const put = await contract.api.put(path).set('If-Match', etag).send({ leaseSeconds: 8 }).expect(200);
    const patched = await contract.api
      .patch(path)
      .set('If-Match', `${put.headers.etag}`)
      .send({ leaseSeconds: 7 })
      .expect(200);
    await contract.api.delete(path).set('If-Match', etag).expect(412);
    await contract.api.delete(path).set('If-Match', `${patched.headers.etag}`).expect(204);
  });

  it('PUT honours If-None-Match: *', async () => {
    const path = `/v1/queues/${contract.name()}`;
    await contract.api.put(path).set('If-None-Match', '*').expect(201);
    await contract.api.put(path).set('If-None-Match', '*').expect(412);
  });

  it('of many changes at once under the same If-Match one succeeds', async () => {
    const { path } = await contract.queue();
    const { etag = '' } = (await contract.api.get(path).expect(200)).headers;
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map((leaseSeconds) =>
        contract.api
          .patch(path)
          .set('If-Match', etag)
          .send({ leaseSeconds })
          .then((answer) => answer),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412]);
  });
});

describe('GET /v1/queues', () => {
  it('lists by prefix, with limit and cursor, and no topics', async () => {
    const prefix = contract.name();
    for (const name of ['c', 'a', 'd', 'b']) {
      await contract.api.put(`/v1/queues/${prefix}.${name}`).expect(201);
    }
    await contract.api.put(`/v1/topics/${prefix}.bb`).expect(201);
    const names: string[] = [];
    let cursor = '';
    do {
      const { body } = await contract.api
        .get(`/v1/queues?prefix=${prefix}&limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`)
        .expect(200);
      names.push(...body.queues.map(({ name }: { name: string }) => name));
      cursor = encodeURIComponent(body.nextCursor ?? '');
    } while (cursor !== '');
    expect(names).toEqual(['a', 'b', 'c', 'd'].map((name) => `${prefix}.${name}`));
  });
});

describe('DELETE /v1/queues/{queue}', () => {
  it('is 204; the name can be used again at once, for an empty queue', async () => {
    const queue = await contract.queue();
    await queue.publishBodies(1);
    const { receipt } = await queue.receiveOne();
    await contract.api.delete(queue.path).expect(204);
    await contract.api.get(queue.path).expect(404);
    await contract.api.post(`${queue.path}/messages/receive`).expect(404);
    await contract.api.put(queue.path).expect(201);
    expect(await queue.stats()).toEqual(EMPTY);
    expect(await queue.receive()).toEqual([]);
    expect(await queue.outcome('ack', { receipt })).toBe('invalid');
  });

  it('lets the name be used for a topic', async () => {
    const queue = await contract.queue();
    await contract.api.delete(queue.path).expect(204);
    await contract.api.put(`/v1/topics/${queue.name}`).expect(201);
  });
});

describe('POST /v1/queues/{queue}/purge', () => {
  it('is 204: everything stored before the call is gone, also what is leased or delayed', async () => {
    const queue = await contract.queue();
    await queue.publish({ body: 1 }, { body: 2 }, { body: 3, delaySeconds: 600 });
    await queue.receiveOne();
    await queue.purge();
    expect(await queue.stats()).toEqual(EMPTY);
    expect(await queue.peek()).toEqual([]);
    await queue.publishBodies(4);
    expect(await queue.drain()).toEqual([4]);
  });
});

describe('stats', () => {
  it('tell messages (= ready + leased + delayed), exactly at the moment of the read', async () => {
    const queue = await contract.queue();
    await queue.publish(
      { body: 'a' },
      { body: 'b' },
      { body: 'c' },
      { body: 'd' },
      { body: 'e', delaySeconds: 600 },
    );
    const [first, second] = await queue.receive({ max: 2 });
    expect(await queue.stats()).toMatchObject({ messages: 5, ready: 2, leased: 2, delayed: 1 });
    await queue.settle('ack', [first?.receipt ?? '']);
    expect(await queue.stats()).toMatchObject({ messages: 4, ready: 2, leased: 1, delayed: 1 });
    await queue.settle('nack', [second?.receipt ?? ''], { delaySeconds: 600 });
    expect(await queue.stats()).toMatchObject({ messages: 4, ready: 2, leased: 0, delayed: 2 });
  });

  it('tell the bytes of the bodies as stored, base64 decoded', async () => {
    const queue = await contract.queue();
    await queue.publish(
      { bodyBase64: Buffer.alloc(30).toString('base64'), attributes: { not: 'counted' } },
      { body: 'é', contentType: 'text/plain' },
      { body: { a: 1 } },
    );
    expect((await queue.stats()).bytes).toBe(30 + 2 + 7);
    await queue.receive({ max: 1, autoAck: true });
    expect((await queue.stats()).bytes).toBe(2 + 7);
  });

  it('tell the age of the oldest message, null when empty', async () => {
    const queue = await contract.queue();
    expect((await queue.stats()).oldestMessageAgeSeconds).toBeNull();
    await queue.publishBodies(1);
    const { oldestMessageAgeSeconds } = await queue.stats();
    expect(oldestMessageAgeSeconds).toBeGreaterThanOrEqual(0);
    expect(oldestMessageAgeSeconds).toBeLessThan(60);
  });
});
