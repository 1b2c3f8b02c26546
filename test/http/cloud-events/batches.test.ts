import { CloudEvent } from 'cloudevents';
import { describe, expect, it } from 'vitest';
import { useContract } from '../../support/contract-client.ts';
import { BATCH, EVENT, EventClient, eventsIn, order, type SentEvent } from '../../support/event-client.ts';
import { send } from '../../support/raw-http.ts';

const contract = useContract();
const events = new EventClient(() => contract.api.url());

describe('a batch of events', () => {
  const batched = ['1', '2', '3'].map((id) => new CloudEvent({ ...order, id }));
  const batch = (body: string): SentEvent => ({ headers: { 'content-type': BATCH }, body });

  it('is stored as its events, in one atomic write, and received as a batch that can be acked', async () => {
    const queue = await contract.queue();
    const published = await events.post(queue.path, batch(JSON.stringify(batched)), '?priority=0');
    expect([published.status, JSON.parse(published.text).messages.length]).toEqual([201, 3]);
    const answer = await events.receiveAs(BATCH, queue.path, '?max=2');
    expect(answer.headers['content-type']).toBe(`${BATCH}; charset=utf-8`);
    const received = eventsIn(answer);
    expect(received.map(({ id, data }) => [id, data])).toEqual([
      ['1', order.data],
      ['2', order.data],
    ]);
    const receipts = received.map((event) => String(event.zoogatereceipt));
    expect(await queue.settle('ack', receipts)).toEqual(['ok', 'ok']);
    const [last] = await queue.receive();
    expect(last).toMatchObject({ body: { id: '3' }, contentType: EVENT });
  });

  it('can be passed on as it was received, and then tells of the last delivery', async () => {
    const [from, to] = [await contract.queue(), await contract.queue()];
    await events.post(from.path, batch(JSON.stringify(batched)));
    const first = await events.receiveAs(BATCH, from.path, '?max=3');
    await events.post(to.path, batch(first.text));
    const received = eventsIn(await events.receiveAs(BATCH, to.path, '?max=3'));
    expect(
      await to.settle(
        'ack',
        received.map((event) => String(event.zoogatereceipt)),
      ),
    ).toEqual(['ok', 'ok', 'ok']);
  });

  it.each([
    ['{}', 400],
    ['[]', 400],
    ['[1]', 400],
    [JSON.stringify([order, { ...order, id: '' }]), 400],
    [JSON.stringify(Array.from({ length: 1001 }, () => order)), 413],
  ])('is refused as a whole: %#', async (body, status) => {
    const queue = await contract.queue();
    expect((await events.post(queue.path, batch(body))).status).toBe(status);
    expect((await queue.stats()).messages).toBe(0);
  });

  it('takes options for each of its events, but not the dedupId of one', async () => {
    const queue = await contract.queue();
    const body = JSON.stringify(batched);
    expect((await events.post(queue.path, batch(body), '?delaySeconds=600')).status).toBe(201);
    expect((await queue.stats()).delayed).toBe(3);
    expect((await events.post(queue.path, batch(body), '?dedupId=x')).status).toBe(400);
  });
});

describe('receiving events', () => {
  it('shows any message as one', async () => {
    const queue = await contract.queue();
    const [id] = await queue.publish({ body: { a: 1 }, attributes: { kind: 'created', 'not-a-name': 'x' } });
    const [event] = eventsIn(await events.receiveAs(BATCH, queue.path));
    expect(event).toMatchObject({
      id,
      source: queue.path,
      type: 'zoogate.message',
      kind: 'created',
      datacontenttype: 'application/json',
      data: { a: 1 },
      zoogateid: id,
      zoogatedeliveries: 1,
    });
  });

  it('gives the same event to every subscription: its source is the topic', async () => {
    const topic = await contract.topic();
    const subscriptions = [await contract.subscription(topic), await contract.subscription(topic)];
    const [id] = await topic.publish({ body: 'x', contentType: 'text/plain' });
    for (const { path } of subscriptions) {
      expect(JSON.parse((await events.receiveAs(EVENT, path)).text)).toMatchObject({
        id,
        source: topic.path,
        data: 'x',
      });
    }
  });

  it('answers 204 or an empty batch when there is none, with the outcomes of acks in a header', async () => {
    const queue = await contract.queue();
    await queue.publishBodies(1);
    const { receipt } = await queue.receiveOne();
    const none = await events.receiveAs(EVENT, queue.path);
    expect([none.status, none.text]).toEqual([204, '']);
    const empty = await send(contract.api.url(), `${queue.path}/messages/receive`, {
      headers: { accept: BATCH, 'content-type': 'application/json' },
      body: JSON.stringify({ ack: [receipt, 'nonsense'] }),
    });
    expect([empty.status, empty.text, empty.headers['zoogate-acked']]).toEqual([200, '[]', 'ok, invalid']);
  });

  it('gives one event at a time unless a batch is asked for', async () => {
    const queue = await contract.queue();
    const answer = await events.receiveAs(EVENT, queue.path, '?max=2');
    expect([answer.status, JSON.parse(answer.text).errors[0].path]).toEqual([400, 'max']);
  });

  it('is never what a client gets that did not ask for it', async () => {
    const queue = await contract.queue();
    for (const accept of ['*/*', 'application/*', 'application/json, application/cloudevents+json']) {
      const { headers } = await events.receiveAs(accept, queue.path);
      expect(headers['content-type']).toBe('application/json; charset=utf-8');
    }
  });
});
