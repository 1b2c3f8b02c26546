/** Delays and due times, for queues and subscriptions alike, at two gateways. */
import { describe, expect, it } from 'vitest';
import { patient, SOURCES, useContract } from '../../support/contract-client.ts';

const contract = useContract();

const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString();

describe.each(SOURCES)('a message with a delay, at a %s', (kind) => {
  it('is delivered only after delaySeconds, without anyone publishing or asking again', async () => {
    const source = await contract.source(kind);
    await source.publish({ body: 'later', delaySeconds: 1 });
    expect(await source.stats()).toMatchObject({ messages: 1, ready: 0, delayed: 1 });
    const message = await source.receiveOne();
    expect(message).toMatchObject({ body: 'later', deliveries: 1 });
    expect(await source.stats()).toMatchObject({ messages: 1, leased: 1, delayed: 0 });
  });

  it('is delivered from deliverAt on', async () => {
    const source = await contract.source(kind);
    await source.publish({ body: 'later', deliverAt: inSeconds(1) });
    expect((await source.receiveOne()).body).toBe('later');
  });

  it('is delivered now when deliverAt is in the past', async () => {
    const source = await contract.source(kind);
    await source.publish({ body: 'now', deliverAt: '1999-12-31T23:59:60Z' });
    expect(await source.receive()).toMatchObject([{ body: 'now' }]);
  });

  it('waits for up to 30 days and no longer', async () => {
    const source = await contract.source(kind);
    const days = 24 * 3600;
    await source.publish(
      { body: 1, delaySeconds: 30 * days },
      { body: 2, deliverAt: inSeconds(29.9 * days) },
    );
    await source.tryPublish({ body: 3, delaySeconds: 30 * days + 1 }).expect(400);
    const refused = await source.tryPublish({ body: 3, deliverAt: inSeconds(31 * days) }).expect(400);
    expect(refused.body).toMatchObject({ code: 'validation', errors: [{ path: 'messages.0.deliverAt' }] });
    expect(await source.stats()).toMatchObject({ messages: 2, delayed: 2 });
  });

  it('has delaySeconds or deliverAt, not both', async () => {
    const source = await contract.source(kind);
    await source.tryPublish({ body: 1, delaySeconds: 1, deliverAt: inSeconds(1) }).expect(400);
  });

  it('has the delay of its queue or topic when it brings none', async () => {
    const source = await contract.source(kind, { delaySeconds: 600 });
    await source.publish(
      { body: 1 },
      { body: 2, delaySeconds: 0 },
      { body: 3, deliverAt: '2020-01-01T00:00:00Z' },
    );
    await expect.poll(async () => (await source.stats()).ready, patient).toBe(2);
    expect(await source.drain()).toEqual([2, 3]);
    expect(await source.stats()).toMatchObject({ messages: 1, delayed: 1 });
  });

  it('comes in the order of due times, not of publishing', async () => {
    const source = await contract.source(kind);
    const due = Date.now() + 2000;
    const order = [5, 2, 8, 1, 9, 3, 7, 4, 6, 0];
    await source.publish(
      ...order.map((rank) => ({ body: rank, deliverAt: new Date(due + rank * 20).toISOString() })),
    );
    const bodies: unknown[] = [];
    while (bodies.length < order.length) {
      bodies.push((await source.receiveOne({ autoAck: true })).body);
    }
    expect(bodies).toEqual([...Array(10).keys()]);
  });

  it('does not hold up what is ready', async () => {
    const source = await contract.source(kind);
    await source.publish(...Array.from({ length: 1000 }, (_, body) => ({ body, delaySeconds: 600 + body })));
    await source.publish({ body: 'ready' });
    expect(await source.drain()).toEqual(['ready']);
    expect(await source.stats()).toMatchObject({ messages: 1000, ready: 0, delayed: 1000 });
  });

  it('is gone after a purge', async () => {
    const source = await contract.source(kind);
    await source.publish({ body: 1, delaySeconds: 0.5 });
    await source.purge();
    expect(await source.receive({ waitSeconds: 1 })).toEqual([]);
    expect(await source.stats()).toMatchObject({ messages: 0 });
  });

  it('keeps its id and its publishedAt', async () => {
    const source = await contract.source(kind);
    const [id] = await source.publish({ body: 1, delaySeconds: 1 });
    const [waiting] = await source.peek();
    expect(waiting).toMatchObject({ id, state: 'delayed' });
    const { publishedAt } = await source.receiveOne();
    expect(publishedAt).toBe(waiting?.publishedAt);
  });

  it('is not stored twice under one dedupId', async () => {
    const source = await contract.source(kind);
    const [id] = await source.publish({ body: 1, delaySeconds: 600, dedupId: 'd' });
    const again = await source.tryPublish({ body: 1, dedupId: 'd' }).expect(201);
    expect(again.body.messages).toEqual([{ id, duplicate: true }]);
    expect(await source.stats()).toMatchObject({ messages: 1, delayed: 1 });
  });
});
