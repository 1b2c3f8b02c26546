/** What the audit log is told: each attempt to manage something, and nothing else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAuthentication } from '../../src/access/index.ts';
import { readConfiguration } from '../../src/config/environment.ts';
import { PrincipalsFile } from '../support/access-fixture.ts';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';
import { silentLogger } from '../support/test-store.ts';

let gateways: TestGateways;

beforeAll(async () => {
  gateways = await startTestGateways();
});
afterAll(() => gateways.stop());

/** What was audited while it was done, without what is the same for all. */
async function auditedBy(act: () => Promise<unknown>): Promise<object[]> {
  const before = gateways.audited.length;
  await act();
  return gateways.audited
    .slice(before)
    .map(({ reqId: _id, remoteAddress: _address, principal: _principal, ...entry }) => entry);
}

describe('the audit log', () => {
  it('tells who did what to which queue, how it ended, and by which request', async () => {
    const { api } = gateways;
    await api.put('/v1/queues/told').set('X-Request-Id', 'request-1').expect(201);
    expect(gateways.audited.at(-1)).toEqual({
      action: 'create',
      resource: 'queue',
      name: 'told',
      principal: expect.any(String),
      outcome: 'ok',
      status: 201,
      reqId: 'request-1',
      remoteAddress: expect.stringContaining('127.0.0.1'),
    });
  });

  it('has a line for everything that manages queues', async () => {
    const { api } = gateways;
    const path = '/v1/queues/managed';
    const entries = await auditedBy(async () => {
      await api.put(path).send({ leaseSeconds: 5 }).expect(201);
      await api.put(path).send({ leaseSeconds: 6 }).expect(200);
      await api.patch(path).send({ leaseSeconds: 7 }).expect(200);
      await api.post(`${path}/purge`).expect(204);
      await api.post(`${path}/redrive`).expect(200);
      await api.delete(path).expect(204);
    });
    const queue = { resource: 'queue', name: 'managed', outcome: 'ok' };
    expect(entries).toEqual([
      { ...queue, action: 'create', status: 201 },
      { ...queue, action: 'replace', status: 200 },
      { ...queue, action: 'patch', status: 200 },
      { ...queue, action: 'purge', status: 204 },
      { ...queue, action: 'redrive', status: 200 },
      { ...queue, action: 'delete', status: 204 },
    ]);
  });

  it('and topics, and subscriptions', async () => {
    const { api } = gateways;
    const path = '/v1/topics/news/subscriptions/reader';
    const entries = await auditedBy(async () => {
      await api.put('/v1/topics/news').expect(201);
      await api.put(path).expect(201);
      await api.post(`${path}/seek`).send({ to: 'earliest' }).expect(204);
      await api.post(`${path}/purge`).expect(204);
      await api.delete(path).expect(204);
      await api.delete('/v1/topics/news').expect(204);
    });
    const subscription = { resource: 'subscription', topic: 'news', name: 'reader', outcome: 'ok' };
    const topic = { resource: 'topic', name: 'news', outcome: 'ok' };
    expect(entries).toEqual([
      { ...topic, action: 'create', status: 201 },
      { ...subscription, action: 'create', status: 201 },
      { ...subscription, action: 'seek', status: 204 },
      { ...subscription, action: 'purge', status: 204 },
      { ...subscription, action: 'delete', status: 204 },
      { ...topic, action: 'delete', status: 204 },
    ]);
  });

  it('tells of what was refused as well, and why, with a name that is no longer than names are', async () => {
    const { api } = gateways;
    const long = 'x'.repeat(3000);
    const entries = await auditedBy(async () => {
      await api.delete('/v1/queues/nowhere').expect(404);
      await api.put('/v1/queues/wrong').send({ leaseSeconds: -1 }).expect(400);
      await api.put('/v1/queues/told').set('If-None-Match', '*').expect(412);
      await api.put(`/v1/queues/${long}`).expect(400);
    });
    expect(entries).toMatchObject([
      { action: 'delete', name: 'nowhere', outcome: 'not-found', status: 404 },
      { action: 'put', name: 'wrong', outcome: 'validation', status: 400 },
      { action: 'put', name: 'told', outcome: 'precondition-failed', status: 412 },
      { action: 'put', name: long.slice(0, 128), outcome: 'validation', status: 400 },
    ]);
  });

  it('says nothing of messages, of looking, or of what leads nowhere', async () => {
    const { api } = gateways;
    const path = await gateways.createQueue();
    const entries = await auditedBy(async () => {
      await api
        .post(`${path}/messages`)
        .send({ messages: [{ body: 1 }] })
        .expect(201);
      const { body } = await api.post(`${path}/messages/receive`).expect(200);
      await api.delete(`${path}/messages/${body.messages[0].receipt}`).expect(204);
      await api.get(path).expect(200);
      await api.get('/v1/queues').expect(200);
      await api.get(`${path}/messages`).expect(200);
      await api.delete('/v1/queues').expect(405);
    });
    expect(entries).toEqual([]);
  });
});

describe('where there is authentication, the audit log', () => {
  it('names who did it, who tried and may not, and nobody where nobody was recognised', async () => {
    const file = await PrincipalsFile.create({
      manager: { rights: { manage: ['owned'] } },
      publisher: { rights: { publish: ['owned'] } },
    });
    const { access } = readConfiguration({ ZOOGATE_PRINCIPALS_FILE: file.path });
    const authentication = await openAuthentication(access, silentLogger);
    const guarded = await startTestGateways(1, { authentication });
    try {
      const path = `${guarded.urls[0]}/v1/queues/owned`;
      const put = (headers: Record<string, string>) => fetch(path, { method: 'PUT', headers });
      expect((await put(file.headersOf('manager'))).status).toBe(201);
      expect((await put(file.headersOf('publisher'))).status).toBe(403);
      expect((await put({ authorization: 'Bearer not-a-key' })).status).toBe(401);
      expect((await put({})).status).toBe(401);
      expect(guarded.audited).toMatchObject([
        { action: 'create', name: 'owned', principal: 'manager', outcome: 'ok' },
        { action: 'put', name: 'owned', principal: 'publisher', outcome: 'forbidden', status: 403 },
        { action: 'put', name: 'owned', principal: null, outcome: 'unauthorized', status: 401 },
        { action: 'put', name: 'owned', principal: null, outcome: 'unauthorized', status: 401 },
      ]);
      expect(JSON.stringify(guarded.audited)).not.toContain('not-a-key');
    } finally {
      await guarded.stop();
      authentication?.close();
      await file.remove();
    }
  });
});
