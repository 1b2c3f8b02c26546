import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';
import { send } from '../support/raw-http.ts';

let gateways: TestGateways;
let api: TestGateways['api'];
beforeAll(async () => {
  gateways = await startTestGateways();
  api = gateways.api;
});
afterAll(() => gateways.stop());

const DEFAULTS = {
  leaseSeconds: 30,
  delaySeconds: 0,
  ordering: 'none',
  priorities: 1,
  dedupWindowSeconds: 300,
};

describe('PUT /v1/queues/{queue}', () => {
  it('creates a queue with all defaults when there is no body', async () => {
    const answer = await send(gateways.urls[0], '/v1/queues/put-empty', { method: 'PUT' });
    expect(answer.status).toBe(201);
    const queue = JSON.parse(answer.text);
    expect(queue).toEqual({
      name: 'put-empty',
      config: DEFAULTS,
      stats: { messages: 0, ready: 0, leased: 0, delayed: 0, bytes: 0, oldestMessageAgeSeconds: null },
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updatedAt: queue.createdAt,
    });
    expect(answer.headers.etag).toMatch(/^"[^"]+"$/);
  });

  it('takes an empty body with a content type for no body', async () => {
    await api.put('/v1/queues/put-typed').set('Content-Type', 'application/json').expect(201);
  });

  it('replaces the whole configuration, so that what is left out is back at its default', async () => {
    await api.put('/v1/queues/put-twice').send({ leaseSeconds: 1.5, dedupWindowSeconds: 5 }).expect(201);
    const { body } = await api.put('/v1/queues/put-twice').send({ dedupWindowSeconds: 6 }).expect(200);
    expect(body.config).toEqual({ ...DEFAULTS, dedupWindowSeconds: 6 });
  });

  it('accepts defaults spelt out, also of what is not supported yet', async () => {
    await api.put('/v1/queues/put-defaults').send(DEFAULTS).expect(201);
  });

  it('refuses another content type with 415', async () => {
    const answer = await api
      .put('/v1/queues/put-text')
      .set('Content-Type', 'text/plain')
      .send('{}')
      .expect(415);
    expect(answer.body.code).toBe('unsupported-media-type');
    await api.get('/v1/queues/put-text').expect(404);
  });

  it('only creates with If-None-Match: *', async () => {
    await api.put('/v1/queues/put-once').set('If-None-Match', '*').expect(201);
    const answer = await api.put('/v1/queues/put-once').set('If-None-Match', '*').expect(412);
    expect(answer.body.code).toBe('precondition-failed');
  });

  it('changes only the revision that If-Match names', async () => {
    const first = await api.put('/v1/queues/put-match').expect(201);
    const second = await api
      .put('/v1/queues/put-match')
      .set('If-Match', `"other", ${first.headers.etag}`)
      .send({ leaseSeconds: 7 })
      .expect(200);
    expect(second.headers.etag).not.toBe(first.headers.etag);
    await api.put('/v1/queues/put-match').set('If-Match', `${first.headers.etag}`).expect(412);
    await api.put('/v1/queues/put-match').set('If-Match', `W/${second.headers.etag}`).expect(412);
    await api.put('/v1/queues/put-match').set('If-Match', 'unquoted').expect(400);
    await api.put('/v1/queues/put-absent').set('If-Match', '*').expect(412);
    await api.get('/v1/queues/put-absent').expect(404);
    expect((await api.get('/v1/queues/put-match')).body.config.leaseSeconds).toBe(7);
  });
});

describe('PATCH /v1/queues/{queue}', () => {
  it('changes what it names and leaves the rest', async () => {
    const path = await gateways.createQueue({ leaseSeconds: 7, dedupWindowSeconds: 8 });
    const { body } = await api.patch(path).send({ leaseSeconds: 9 }).expect(200);
    expect(body.config).toEqual({ ...DEFAULTS, leaseSeconds: 9, dedupWindowSeconds: 8 });
  });

  it('resets to the default what is null', async () => {
    const path = await gateways.createQueue({ leaseSeconds: 7 });
    const answer = await api
      .patch(path)
      .set('Content-Type', 'application/merge-patch+json')
      .send('{"leaseSeconds":null,"maxDeliveries":null}')
      .expect(200);
    expect(answer.body.config).toEqual(DEFAULTS);
    expect(answer.headers.etag).toBe((await api.get(path)).headers.etag);
  });

  it('refuses no body, other types of JSON and other content types', async () => {
    const path = await gateways.createQueue();
    await api.patch(path).expect(400);
    await api.patch(path).set('Content-Type', 'application/json').send('[]').expect(400);
    await api.patch(path).set('Content-Type', 'application/json-patch+json').send('[]').expect(415);
  });

  it('answers 404 for a queue that does not exist', async () => {
    expect((await api.patch('/v1/queues/nowhere').send({}).expect(404)).body.code).toBe('not-found');
  });

  it('honours If-Match', async () => {
    const path = await gateways.createQueue();
    await api.patch(path).set('If-Match', '"none"').send({ leaseSeconds: 9 }).expect(412);
    await api.patch(path).set('If-Match', '*').send({ leaseSeconds: 9 }).expect(200);
  });
});

describe('GET /v1/queues/{queue}', () => {
  it('answers 304 to whoever has the configuration, whatever its messages do', async () => {
    const path = await gateways.createQueue();
    const { headers } = await api.get(path).expect(200);
    const tag = `${headers.etag}`;
    await api
      .post(`${path}/messages`)
      .send({ messages: [{ body: 1 }] })
      .expect(201);
    for (const known of [tag, `"other", W/${tag}`, '*']) {
      const answer = await api.get(path).set('If-None-Match', known).expect(304);
      expect([answer.text, answer.headers.etag, answer.headers['content-type']]).toEqual([
        '',
        tag,
        undefined,
      ]);
    }
    await api.patch(path).send({ leaseSeconds: 9 }).expect(200);
    expect((await api.get(path).set('If-None-Match', tag).expect(200)).body.stats.messages).toBe(1);
    await api.get('/v1/queues/nowhere').set('If-None-Match', '*').expect(404);
  });

  it('answers 412 to whoever asks for another one by If-Match', async () => {
    const path = await gateways.createQueue();
    await api.get(path).set('If-Match', '"other"').expect(412);
    await api.get(path).set('If-Match', '*').expect(200);
    await api.get(path).set('If-None-Match', 'unquoted').expect(400);
    // A list without a tag says nothing.
    for (const header of ['If-None-Match', 'If-Match']) await api.get(path).set(header, ',').expect(400);
  });
});

describe('GET /v1/queues', () => {
  it('lists queues in pages, in the order of their names', async () => {
    for (const name of ['list.b', 'list.a', 'list.c', 'other']) {
      await api.put(`/v1/queues/${name}`).expect(201);
    }
    const first = await api.get('/v1/queues?prefix=list.&limit=2').expect(200);
    expect(first.body.queues.map(({ name }: { name: string }) => name)).toEqual(['list.a', 'list.b']);
    const cursor = encodeURIComponent(first.body.nextCursor);
    const last = await api.get(`/v1/queues?prefix=list.&limit=2&cursor=${cursor}`).expect(200);
    expect(last.body.queues.map(({ name }: { name: string }) => name)).toEqual(['list.c']);
    expect(last.body).not.toHaveProperty('nextCursor');
  });

  it('answers an empty list for a prefix that no name has', async () => {
    expect((await api.get('/v1/queues?prefix=-').expect(200)).body).toEqual({ queues: [] });
  });
});

describe('DELETE /v1/queues/{queue}', () => {
  it('deletes the queue, once', async () => {
    const path = await gateways.createQueue();
    const answer = await api.delete(path).expect(204);
    expect(answer.text).toBe('');
    await api.get(path).expect(404);
    await api.delete(path).expect(404);
  });

  it('honours If-Match', async () => {
    const path = await gateways.createQueue();
    await api.delete(path).set('If-Match', '"none"').expect(412);
    const { headers } = await api.get(path).expect(200);
    await api.delete(path).set('If-Match', `${headers.etag}`).expect(204);
  });

  it('takes an empty JSON object for no body, and refuses a body with content', async () => {
    const path = await gateways.createQueue();
    await api.delete(path).send({ force: true }).expect(400);
    await api.delete(path).set('Content-Type', 'text/plain').send('x').expect(415);
    await api.delete(path).send({}).expect(204);
  });
});
