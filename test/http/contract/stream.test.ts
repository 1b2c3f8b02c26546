/** GET /v1/topics/{topic}/stream, at two gateways. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Place, patient, useContract } from '../../support/contract-client.ts';
import { EventSource } from '../../support/event-source.ts';
import { startTestGateways } from '../../support/http-app.ts';
import { publishJson, send } from '../../support/raw-http.ts';

const contract = useContract();

let open: EventSource[] = [];
afterEach(() => {
  for (const stream of open) stream.close();
  open = [];
});

/** Follows the topic, at a gateway picked at random unless told otherwise. */
async function follow(topic: Place, lastEventId?: string, url = contract.api.url()): Promise<EventSource> {
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const stream = await EventSource.open(url, `${topic.path}/stream`, headers);
  open.push(stream);
  expect(stream.response.statusCode).toBe(200);
  return stream;
}

describe('a stream', () => {
  it('brings every message published from now on, whether or not there are subscriptions', async () => {
    const topic = await contract.topic();
    await topic.publishBodies('before');
    const stream = await follow(topic);
    for (const body of ['a', 'b', 'c']) {
      await topic.publishBodies(body);
    }
    expect(await stream.bodies(3)).toEqual(['a', 'b', 'c']);
  });

  it('has an id, and as data the message as JSON like Received without receipt', async () => {
    const topic = await contract.topic({ priorities: 2 });
    const stream = await follow(topic);
    const [id] = await topic.publish({
      body: { a: 1 },
      attributes: { kind: 'x' },
      group: 'g',
      priority: 1,
    });
    const event = await stream.next();
    expect(event).toMatchObject({ event: 'message', id: expect.stringMatching(/.+/) });
    expect(JSON.parse(event.data)).toEqual({
      id,
      body: { a: 1 },
      contentType: 'application/json',
      attributes: { kind: 'x' },
      priority: 1,
      group: 'g',
      publishedAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
    });
  });

  it('brings bytes and text as a receive does', async () => {
    const topic = await contract.topic();
    const stream = await follow(topic);
    await topic.publish({ bodyBase64: '/w==' }, { body: 'a\r\nb\u2028', contentType: 'text/plain' });
    expect(JSON.parse((await stream.next()).data)).toMatchObject({ bodyBase64: '/w==' });
    expect(JSON.parse((await stream.next()).data)).toMatchObject({ body: 'a\r\nb\u2028' });
  });

  it('brings a JSON body with line breaks whole', async () => {
    const topic = await contract.topic();
    const stream = await follow(topic);
    const body = '{\n"a":\r\n[1,\r2]\n\n}';
    await publishJson(contract.api.url(), topic.path, `{"messages":[{"body":${body}}]}`);
    const { data } = await stream.next();
    expect(data).toContain(`"body":${body.replaceAll(/\r\n|\r/g, '\n')},"contentType"`);
    expect(JSON.parse(data).body).toEqual({ a: [1, 2] });
  });

  it('is the same for all that follow, whatever the gateway: no lease, no ack', async () => {
    const topic = await contract.topic();
    const subscription = await contract.subscription(topic);
    const streams = await Promise.all(
      contract.gateways.urls.flatMap((url) => [follow(topic, undefined, url), follow(topic, undefined, url)]),
    );
    await Promise.all(Array.from({ length: 20 }, (_, body) => topic.publishBodies(body)));
    const [first, ...others] = await Promise.all(streams.map((stream) => stream.bodies(20)));
    expect([...(first as number[])].sort((one, other) => one - other)).toEqual([...Array(20).keys()]);
    for (const other of others) {
      expect(other).toEqual(first);
    }
    expect(await subscription.stats()).toMatchObject({ messages: 20, ready: 20, leased: 0 });
  });

  it('brings a message with a delay once it is due', async () => {
    const topic = await contract.topic();
    const stream = await follow(topic);
    await topic.publish({ body: 'later', delaySeconds: 1 }, { body: 'now' });
    expect(await stream.bodies(2)).toEqual(['now', 'later']);
  });

  it('shows that it is alive while nothing is published', async () => {
    const stream = await follow(await contract.topic());
    await stream.until(() => /^:.*$/m.test(stream.text), 'there is a comment');
  });

  it('tells its type, and that nobody is to keep or buffer it', async () => {
    const stream = await follow(await contract.topic());
    expect(stream.response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-request-id': expect.any(String),
    });
    await stream.until(() => /^retry: \d+$/m.test(stream.text), 'it says when to connect again');
  });

  it('ends when the client goes away, and leaves the topic to be deleted', async () => {
    const topic = await contract.topic();
    const stream = await follow(topic);
    stream.close();
    await contract.api.delete(topic.path).expect(204);
  });
});

describe('Last-Event-ID', () => {
  it('resumes after it, at any gateway: nothing is missed or doubled', async () => {
    const topic = await contract.topic({ retentionSeconds: 600 });
    const [here, there] = contract.gateways.urls;
    let stream = await follow(topic, undefined, here);
    await topic.publishBodies('a', 'b', 'c');
    const first = await stream.next();
    expect(JSON.parse(first.data).body).toBe('a');
    stream.close();
    await topic.publishBodies('d');
    stream = await follow(topic, first.id, there);
    await topic.publishBodies('e');
    expect(await stream.bodies(4)).toEqual(['b', 'c', 'd', 'e']);
    expect(stream.text).not.toContain('event: gap');
  });

  it('resumes after each event of a publish of many', async () => {
    const topic = await contract.topic({ retentionSeconds: 600 });
    const stream = await follow(topic);
    await topic.publishBodies(...Array(10).keys());
    for (let seen = 0; seen < 9; seen += 1) {
      const { id } = await stream.next();
      const again = await follow(topic, id);
      expect(await again.bodies(1)).toEqual([seen + 1]);
    }
  });

  it('brings an event: gap first when messages since then are gone', async () => {
    const topic = await contract.topic({ retentionSeconds: 1 });
    const stream = await follow(topic);
    await topic.publishBodies('seen');
    const { id } = await stream.next();
    stream.close();
    await topic.publishBodies('missed');
    await expect.poll(async () => (await topic.peek()).length, patient).toBe(0);
    const resumed = await follow(topic, id);
    await topic.publishBodies('new');
    expect((await resumed.next()).event).toBe('gap');
    expect(await resumed.bodies(1)).toEqual(['new']);
  });

  it('brings no gap when nothing was missed', async () => {
    const topic = await contract.topic();
    const stream = await follow(topic);
    await topic.publishBodies('seen');
    const { id } = await stream.next();
    const resumed = await follow(topic, id);
    await topic.publishBodies('new');
    const next = await resumed.next();
    expect([next.event, JSON.parse(next.data).body]).toEqual(['message', 'new']);
  });

  it('that was never an id of this stream is 400', async () => {
    const topic = await contract.topic();
    const other = await contract.topic();
    const stream = await follow(other);
    await other.publishBodies(1);
    const { id = '' } = await stream.next();
    for (const never of ['nonsense', '0', id, 'x'.repeat(257)]) {
      const headers = { 'last-event-id': never };
      const answer = await send(contract.api.url(), `${topic.path}/stream`, { method: 'GET', headers });
      expect([never, answer.status]).toEqual([never, 400]);
      expect(JSON.parse(answer.text).code).toBe('validation');
    }
  });
});

describe('a request for a stream', () => {
  it('is 404 for a topic that does not exist, and for a queue', async () => {
    const queue = await contract.queue();
    for (const name of [contract.name(), queue.name]) {
      await contract.api.get(`/v1/topics/${name}/stream`).expect(404);
    }
  });

  it('is 406 when it does not accept events', async () => {
    const topic = await contract.topic();
    const { body } = await contract.api
      .get(`${topic.path}/stream`)
      .set('Accept', 'application/json')
      .expect(406);
    expect(body.code).toBe('not-acceptable');
  });

  it('with HEAD is answered without a body', async () => {
    const topic = await contract.topic();
    const answer = await send(contract.api.url(), `${topic.path}/stream`, { method: 'HEAD' });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/event-stream']);
  });
});

describe('a gateway that drains', () => {
  it('ends its streams', async () => {
    const draining = await startTestGateways();
    try {
      await draining.api.put('/v1/topics/t').expect(201);
      const stream = await EventSource.open(draining.urls[0], '/v1/topics/t/stream');
      draining.drain();
      await stream.ended();
      expect(stream.response.complete).toBe(true);
    } finally {
      await draining.stop();
    }
  });
});
