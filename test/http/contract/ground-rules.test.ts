/** The ground rules of the contract, sentence by sentence, at two gateways. */
import { describe, expect, it } from 'vitest';
import { patient, useContract } from '../../support/contract-client.ts';
import { send } from '../../support/raw-http.ts';

const contract = useContract();

/** The closed list, as the contract has it. */
const CODES = {
  validation: 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  'not-acceptable': 406,
  conflict: 409,
  'transaction-aborted': 409,
  'lease-lost': 410,
  'precondition-failed': 412,
  'payload-too-large': 413,
  'uri-too-long': 414,
  'unsupported-media-type': 415,
  'queue-full': 429,
  'rate-limited': 429,
  'headers-too-large': 431,
  internal: 500,
  'not-implemented': 501,
  unavailable: 503,
  'outcome-unknown': 504,
  'store-full': 507,
};

interface Document {
  readonly paths: Record<string, Record<string, { operationId: string; requestBody?: object }>>;
  readonly components: { schemas: { Problem: { properties: { code: { enum: string[] } } } } };
}

async function document(): Promise<Document> {
  return (await contract.api.get('/openapi.json').expect(200)).body;
}

/** Every operation under /v1 with a path that exists. */
async function operations() {
  const queue = await contract.queue();
  const subscription = await contract.subscription(await contract.topic());
  const [, , , topic = '', , name = ''] = subscription.path.split('/');
  const { paths } = await document();
  return Object.entries(paths)
    .filter(([path]) => path.startsWith('/v1/'))
    .flatMap(([pattern, methods]) => {
      const path = pattern
        .replace('{queue}', queue.name)
        .replace('{topic}', topic)
        .replace('{subscription}', name)
        .replace('{receipt}', 'AAAA');
      return Object.entries(methods).map(([method, { operationId, requestBody }]) => ({
        method: method.toUpperCase(),
        path,
        operationId,
        takesBody: requestBody !== undefined,
      }));
    });
}

describe('JSON, durations and instants', () => {
  it('durations are numbers of seconds, fractions allowed', async () => {
    const queue = await contract.queue({ leaseSeconds: 1.25, delaySeconds: 0.125, dedupWindowSeconds: 1.5 });
    expect(await queue.config()).toMatchObject({
      leaseSeconds: 1.25,
      delaySeconds: 0.125,
      dedupWindowSeconds: 1.5,
    });
  });

  it('instants are RFC 3339, any offset in', async () => {
    const queue = await contract.queue();
    const inTwoHours = new Date(Date.now() + 2 * 3600_000);
    const local = new Date(inTwoHours.getTime() + 5.5 * 3600_000).toISOString().replace('Z', '+05:30');
    await queue.publish(
      { body: 'later', deliverAt: local },
      { body: 'now', deliverAt: '2020-01-01T00:00:00-08:00' },
    );
    await expect.poll(() => queue.drain(), patient).toEqual(['now']);
    expect(await queue.stats()).toMatchObject({ messages: 1, delayed: 1 });
  });

  it('instants are UTC with milliseconds out', async () => {
    const queue = await contract.queue();
    const utc = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
    const { body } = await contract.api.get(queue.path).expect(200);
    expect(body).toMatchObject({
      createdAt: expect.stringMatching(utc),
      updatedAt: expect.stringMatching(utc),
    });
    await queue.publishBodies(1);
    expect(await queue.receiveOne()).toMatchObject({
      publishedAt: expect.stringMatching(utc),
      leaseExpiresAt: expect.stringMatching(utc),
    });
  });
});

describe('names', () => {
  it.each(['a', '0', 'A.b-c_1', 'x'.repeat(128)])('%s is a name of anything', async (name) => {
    const topic = await contract.topic();
    const paths = [`/v1/queues/${name}`, `${topic.path}/subscriptions/${name}`];
    for (const path of paths) {
      expect((await contract.api.put(path).expect(201)).body.name).toBe(name);
    }
    await contract.api.delete(`/v1/queues/${name}`).expect(204);
    await contract.api.put(`/v1/topics/${name}`).expect(201);
    await contract.api.delete(`/v1/topics/${name}`).expect(204);
  });

  it.each(['-a', '.a', '_a', 'a%20b', 'a%2Fb', '%C3%A9', 'x'.repeat(129)])('%s is none', async (name) => {
    const topic = await contract.topic();
    for (const path of [
      `/v1/queues/${name}`,
      `/v1/topics/${name}`,
      `${topic.path}/subscriptions/${name}`,
      `/v1/topics/${name}/subscriptions/a`,
    ]) {
      const answer = await send(contract.api.url(), path, { method: 'PUT' });
      expect([answer.status, JSON.parse(answer.text).code]).toEqual([400, 'validation']);
    }
  });

  it('are shared by queues and topics: a taken name for the other kind is 409', async () => {
    const queue = await contract.queue();
    const topic = await contract.topic();
    const asTopic = await contract.api.put(`/v1/topics/${queue.name}`).expect(409);
    const asQueue = await contract.api.put(`/v1/queues/${topic.name}`).expect(409);
    expect([asTopic.body.code, asQueue.body.code]).toEqual(['conflict', 'conflict']);
    await contract.api.get(`/v1/topics/${queue.name}`).expect(404);
    await contract.api.get(`/v1/queues/${topic.name}`).expect(404);
  });
});

describe('errors', () => {
  it('are RFC 9457 problems with type, title, status, detail and code', async () => {
    const answer = await contract.api.get('/v1/topics/nowhere').expect(404);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.body).toEqual({
      type: '/problems/not-found',
      title: expect.any(String),
      status: 404,
      detail: expect.any(String),
      code: 'not-found',
    });
    await contract.api.get(answer.body.type).expect(200);
  });

  it('have for validation the errors, each with its path and message', async () => {
    const queue = await contract.queue();
    const answer = await queue.tryPublish({ body: 1 }, { body: 1, priority: -1, color: 'red' }).expect(400);
    expect(answer.body.code).toBe('validation');
    const paths = answer.body.errors.map(({ path }: { path: string }) => path);
    expect(paths.sort()).toEqual(['messages.1.color', 'messages.1.priority']);
    for (const { message } of answer.body.errors) {
      expect(message).toEqual(expect.any(String));
    }
  });

  it('have codes of a closed, documented list, each with its status', async () => {
    expect((await document()).components.schemas.Problem.properties.code.enum.sort()).toEqual(
      Object.keys(CODES).sort(),
    );
    for (const [code, status] of Object.entries(CODES)) {
      const { text } = await contract.api.get(`/problems/${code}`).expect(200);
      expect(text).toContain(`${code} (${status})`);
    }
  });

  it('carry Retry-After with 429', async () => {
    const queue = await contract.queue({ maxMessages: 1 });
    const answer = await queue.tryPublish({ body: 1 }, { body: 2 }).expect(429);
    expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
  });

  it('leave everything as it was: a request refused has changed nothing', async () => {
    const queue = await contract.queue({ maxMessages: 2 });
    await queue.publishBodies('first');
    await queue.tryPublish({ body: 'a' }, { body: 'b', priority: 1 }).expect(400);
    await queue.tryPublish({ body: 'a' }, { body: 'b' }).expect(429);
    await queue.tryPublish({ body: 'a' }, { body: 'x'.repeat(300_000) }).expect(413);
    await contract.api.patch(queue.path).send({ leaseSeconds: 5, deadLetterQueue: 'nowhere' }).expect(409);
    expect(await queue.config()).toMatchObject({ leaseSeconds: 30, maxMessages: 2 });
    expect(await queue.drain()).toEqual(['first']);
  });
});

describe('unknown JSON fields and query parameters', () => {
  it('are refused by every operation', async () => {
    for (const { method, path, takesBody } of await operations()) {
      const byQuery = await send(contract.api.url(), `${path}?nonsense=1`, { method });
      expect([method, path, byQuery.status]).toEqual([method, path, 400]);
      expect(JSON.parse(byQuery.text).errors[0].path).toBe('nonsense');
      if (takesBody) {
        const headers = { 'content-type': 'application/json' };
        const request = { method, headers, body: '{"nonsense":1}' };
        const byField = await send(contract.api.url(), path, request);
        expect([method, path, byField.status]).toEqual([method, path, 400]);
        expect(byField.text).toContain('nonsense');
      }
    }
  });
});

describe('every replica answers every request', () => {
  it('a 404 is answered only after making certain', async () => {
    const [here = '', there = ''] = contract.gateways.urls;
    for (let round = 0; round < 10; round += 1) {
      const topic = `/v1/topics/${contract.name()}`;
      for (const path of [`/v1/queues/${contract.name()}`, topic, `${topic}/subscriptions/a`]) {
        await send(there, path, { method: 'GET' });
        expect((await send(here, path, { method: 'PUT' })).status).toBe(201);
        expect((await send(there, path, { method: 'GET' })).status).toBe(200);
      }
      expect((await send(there, `${topic}/subscriptions/a`, { method: 'DELETE' })).status).toBe(204);
      expect((await send(here, `${topic}/subscriptions/a`, { method: 'GET' })).status).toBe(404);
    }
  });

  it('a receive that finds nothing is answered only after making certain: no false empties', async () => {
    const [here = '', there = ''] = contract.gateways.urls;
    const source = await contract.source('subscription');
    const headers = { 'content-type': 'application/json' };
    for (let body = 0; body < 20; body += 1) {
      const [from, to] = body % 2 === 0 ? [here, there] : [there, here];
      const request = { headers, body: JSON.stringify({ messages: [{ body }] }) };
      expect((await send(from, `${source.topicPath}/messages`, request)).status).toBe(201);
      const answer = await send(to, `${source.path}/messages/receive?autoAck=true`);
      expect(JSON.parse(answer.text).messages).toMatchObject([{ body }]);
    }
  });

  it('a changed configuration comes into force at every replica', async () => {
    const queue = await contract.queue();
    for (const url of contract.gateways.urls) {
      expect((await send(url, queue.path, { method: 'GET' })).status).toBe(200);
    }
    await queue.change({ maxMessages: 1 });
    await queue.publishBodies(1);
    for (const url of contract.gateways.urls) {
      const headers = { 'content-type': 'application/json' };
      const request = { headers, body: '{"messages":[{"body":2}]}' };
      const status = async () => (await send(url, `${queue.path}/messages`, request)).status;
      await expect.poll(status, patient).toBe(429);
    }
  });
});
