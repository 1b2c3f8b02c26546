/** GET /metrics, after real requests to a gateway on a real server. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { credentialsFor } from '../support/credentials.ts';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';
import { type MetricFamily, metricValue, parseMetrics } from '../support/metrics-text.ts';
import { waitUntil } from '../support/wait-until.ts';

let gateways: TestGateways;

beforeAll(async () => {
  gateways = await startTestGateways();
});
afterAll(() => gateways.stop());

async function scrape(): Promise<MetricFamily[]> {
  return parseMetrics((await gateways.api.get('/metrics').expect(200)).text);
}

async function value(name: string, labels: Record<string, string> = {}): Promise<number | undefined> {
  return metricValue(await scrape(), name, labels);
}

async function receive(path: string, body: object = {}) {
  const answer = await gateways.api.post(`${path}/messages/receive`).send(body).expect(200);
  return answer.body.messages as { id: string; receipt: string }[];
}

const settle = (path: string, verb: string, receipts: readonly string[], fields: object = {}) =>
  gateways.api
    .post(`${path}/messages/${verb}`)
    .send({ receipts, ...fields })
    .expect(200);

describe('the metrics', () => {
  it('are in the text format that Prometheus asks for, each described, none twice', async () => {
    const asked = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
    const answer = await gateways.api.get('/metrics').set('Accept', asked).expect(200);
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    const families = parseMetrics(answer.text);
    expect(families.length).toBeGreaterThan(40);
    const names = families.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, type, samples } of families) {
      expect(name.endsWith('_total')).toBe(type === 'counter');
      const series = samples.map((sample) => JSON.stringify([sample.name, sample.labels]));
      expect(new Set(series).size).toBe(series.length);
      expect(samples.every((sample) => !Number.isNaN(sample.value))).toBe(true);
    }
  });

  it('tell what became of the messages of a queue', async () => {
    const { api } = gateways;
    await api.put('/v1/queues/dead').expect(201);
    await api.put('/v1/queues/life').send({ deadLetterQueue: 'dead' }).expect(201);
    const path = '/v1/queues/life';
    const messages = ['a', 'b', 'c', 'd', 'e'].map((body) => ({ body, dedupId: body }));
    await api.post(`${path}/messages`).send({ messages }).expect(201);
    await api
      .post(`${path}/messages`)
      .send({ messages: [{ body: 'a', dedupId: 'a' }] })
      .expect(201);
    const [first, second, third] = await receive(path, { max: 3 });
    const [fourth] = await receive(path, { autoAck: true });
    if (!first || !second || !third || !fourth) throw new Error('four messages were not received');
    await settle(path, 'extend', [first.receipt], { leaseSeconds: 60 });
    await settle(path, 'ack', [first.receipt]);
    await settle(path, 'nack', [second.receipt]);
    await settle(path, 'reject', [third.receipt], { reason: 'no good' });
    await settle(path, 'nack', [second.receipt]);
    await receive(path);
    expect((await api.post('/v1/queues/dead/redrive').expect(200)).body).toEqual({ moved: 1 });

    const families = await scrape();
    const queue = (name: string) => metricValue(families, name, { queue: 'life' });
    expect({
      published: queue('zoogate_messages_published_total'),
      deduplicated: queue('zoogate_messages_deduplicated_total'),
      received: queue('zoogate_messages_received_total'),
      redelivered: queue('zoogate_messages_redelivered_total'),
      extended: queue('zoogate_messages_extended_total'),
      acked: queue('zoogate_messages_acked_total'),
      nacked: queue('zoogate_messages_nacked_total'),
      lost: queue('zoogate_settlements_lost_total'),
      rejected: queue('zoogate_messages_rejected_total'),
      deadLettered: queue('zoogate_messages_dead_lettered_total'),
      redriven: metricValue(families, 'zoogate_messages_redriven_total', { queue: 'dead' }),
    }).toEqual({
      published: 5,
      deduplicated: 1,
      received: 5,
      redelivered: 1,
      extended: 1,
      acked: 2,
      nacked: 1,
      lost: 1,
      rejected: 1,
      deadLettered: 1,
      redriven: 1,
    });
  });

  it('tell what was dropped: expired, or dead without a dead-letter queue', async () => {
    const { api } = gateways;
    const path = '/v1/queues/dropping';
    await api.put(path).expect(201);
    await api
      .post(`${path}/messages`)
      .send({ messages: [{ body: 1 }] })
      .expect(201);
    const [rejected] = await receive(path);
    await settle(path, 'reject', [rejected?.receipt ?? '']);
    await api
      .post(`${path}/messages`)
      .send({ messages: [{ body: 2, expiresInSeconds: 0.1 }] })
      .expect(201);
    // It may be given out once more, if this is quick.
    await waitUntil(async () => {
      await receive(path, { leaseSeconds: 0.5 });
      return (await value('zoogate_messages_expired_total', { queue: 'dropping' })) === 1;
    }, 'the message has expired');
    expect(await value('zoogate_messages_dropped_total', { queue: 'dropping' })).toBe(1);
  });

  it('tell topics from their subscriptions, and count acks and publishes of transactions', async () => {
    const { api } = gateways;
    await api.put('/v1/topics/news').expect(201);
    await api.put('/v1/topics/news/subscriptions/reader').expect(201);
    await api.put('/v1/queues/out').expect(201);
    await api
      .post('/v1/topics/news/messages')
      .send({ messages: [{ body: 1 }, { body: 2 }] })
      .expect(201);
    const [first] = await receive('/v1/topics/news/subscriptions/reader');
    const acks = [{ topic: 'news', subscription: 'reader', receipts: [first?.receipt] }];
    const publishes = [{ queue: 'out', messages: [{ body: 3 }] }];
    await api.post('/v1/transactions').send({ acks, publishes }).expect(200);

    const families = await scrape();
    const reader = { topic: 'news', subscription: 'reader' };
    expect(metricValue(families, 'zoogate_messages_published_total', { topic: 'news' })).toBe(2);
    expect(metricValue(families, 'zoogate_messages_published_total', reader)).toBeUndefined();
    expect(metricValue(families, 'zoogate_messages_received_total', reader)).toBe(1);
    expect(metricValue(families, 'zoogate_messages_received_total', { topic: 'news' })).toBeUndefined();
    expect(metricValue(families, 'zoogate_messages_acked_total', reader)).toBe(1);
    expect(metricValue(families, 'zoogate_messages_published_total', { queue: 'out' })).toBe(1);
  });

  it('count requests by route and status, never by address, and what leads nowhere as such', async () => {
    const { api } = gateways;
    const duration = 'zoogate_http_request_duration_seconds_count';
    const created = { method: 'PUT', route: '/v1/queues/{queue}', status: '201' };
    const before = (await value(duration, created)) ?? 0;
    await api.put('/v1/queues/one').expect(201);
    await api.put('/v1/queues/two').expect(201);
    await api.get('/v1/queues/nowhere').expect(404);
    await api.get('/nowhere').expect(404);
    await api.post('/v1/queues').expect(405);
    const families = await scrape();
    expect(metricValue(families, duration, created)).toBe(before + 2);
    const missing = { method: 'GET', route: '/v1/queues/{queue}', status: '404' };
    expect(metricValue(families, duration, missing)).toBe(1);
    expect(metricValue(families, duration, { method: 'any', route: 'unknown', status: '404' })).toBe(1);
    expect(metricValue(families, duration, { method: 'any', route: 'unknown', status: '405' })).toBe(1);
    expect(metricValue(families, 'zoogate_http_problems_total', { code: 'method-not-allowed' })).toBe(1);
  });

  it('tell of receives that wait, how long they did, and of clients that left', async () => {
    const path = await gateways.createQueue();
    const waited = (await value('zoogate_receive_wait_seconds_count')) ?? 0;
    const gone = new AbortController();
    const url = `${gateways.urls[0]}${path}/messages/receive?waitSeconds=50`;
    const polling = fetch(url, { method: 'POST', headers: credentialsFor(url), signal: gone.signal }).catch(
      () => 'gone',
    );
    await gateways.untilReceiving(1);
    expect(await value('zoogate_receives_waiting')).toBe(1);
    gone.abort();
    expect(await polling).toBe('gone');
    await waitUntil(async () => (await value('zoogate_receives_waiting')) === 0, 'nobody waits any more');
    expect(await value('zoogate_receive_wait_seconds_count')).toBe(waited + 1);
    const route = '/v1/queues/{queue}/messages/receive';
    expect(await value('zoogate_http_requests_abandoned_total', { method: 'POST', route })).toBe(1);
    expect(await value('zoogate_http_requests_in_progress')).toBe(0);
  });

  it('tell how deep a queue in use is, and how old its oldest message', async () => {
    const deep = await startTestGateways();
    try {
      await deep.api.put('/v1/queues/deep').expect(201);
      const messages = [{ body: 1 }, { body: 2 }, { body: 'x', contentType: 'text/plain', delaySeconds: 60 }];
      await deep.api.post('/v1/queues/deep/messages').send({ messages }).expect(201);
      await deep.api.post('/v1/queues/deep/messages/receive').expect(200);
      await deep.api.put('/v1/queues/unused').expect(201);
      const families = parseMetrics((await deep.api.get('/metrics').expect(200)).text);
      const state = (name: string) =>
        metricValue(families, 'zoogate_pending_messages', { queue: 'deep', state: name });
      expect([state('ready'), state('leased'), state('delayed')]).toEqual([1, 1, 1]);
      expect(metricValue(families, 'zoogate_pending_bytes', { queue: 'deep' })).toBe(3);
      const age = metricValue(families, 'zoogate_oldest_message_age_seconds', { queue: 'deep' });
      expect(age).toBeGreaterThanOrEqual(0);
      expect(metricValue(families, 'zoogate_depth_readings_failed_total')).toBe(0);
      expect(JSON.stringify(families)).not.toContain('unused');
    } finally {
      await deep.stop();
    }
  });

  it('tell of the session, the store and what is written together', async () => {
    const families = await scrape();
    expect(metricValue(families, 'zoogate_ready')).toBe(1);
    const session = (state: string) => metricValue(families, 'zoogate_zookeeper_session_state', { state });
    expect([session('connected'), session('suspended'), session('lost')]).toEqual([1, 0, 0]);
    for (const name of [
      'zoogate_store_reads_total',
      'zoogate_store_writes_total',
      'zoogate_store_written_bytes_total',
      'zoogate_store_read_duration_seconds_count',
      'zoogate_store_write_duration_seconds_count',
      'zoogate_append_messages_count',
      'zoogate_append_bytes_sum',
      'zoogate_cursor_write_claims_sum',
      'zoogate_cursor_write_settlements_sum',
      'zoogate_entry_cache_bytes',
      'zoogate_topics_open',
    ]) {
      expect([name, metricValue(families, name) ?? 0]).toSatisfy(([, found]: [string, number]) => found > 0);
    }
    expect(metricValue(families, 'zoogate_store_failed_writes_total')).toBe(0);
  });
});
