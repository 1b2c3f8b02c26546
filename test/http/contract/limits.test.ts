/** maxMessages and maxBytes, of queues and topics, at two gateways. */
import { describe, expect, it } from 'vitest';
import { patient, useContract } from '../../support/contract-client.ts';

const contract = useContract();

const text = (bytes: number) => ({ body: 'x'.repeat(bytes), contentType: 'text/plain' });

describe('maxMessages of a queue', () => {
  it('refuses with 429 queue-full and Retry-After what would go beyond, all of it', async () => {
    const queue = await contract.queue({ maxMessages: 3 });
    await queue.publishBodies(1, 2);
    const refused = await queue.tryPublish({ body: 3 }, { body: 4 }).expect(429);
    expect(refused.body.code).toBe('queue-full');
    expect(refused.headers['retry-after']).toMatch(/^\d+$/);
    expect(await queue.stats()).toMatchObject({ messages: 2 });
    await queue.publishBodies(3);
    await queue.tryPublish({ body: 4 }).expect(429);
  });

  it('counts what is leased or delayed too, and accepts again once messages were acked', async () => {
    const queue = await contract.queue({ maxMessages: 2 });
    await queue.publish({ body: 1 }, { body: 2, delaySeconds: 600 });
    const message = await queue.receiveOne();
    await queue.tryPublish({ body: 3 }).expect(429);
    await queue.outcome('ack', message);
    await expect.poll(async () => (await queue.tryPublish({ body: 3 })).status, patient).toBe(201);
    await queue.tryPublish({ body: 4 }).expect(429);
  });

  it('does not refuse duplicates, for which nothing is stored', async () => {
    const queue = await contract.queue({ maxMessages: 1 });
    const [id] = await queue.publish({ body: 1, dedupId: 'd' });
    const { body } = await queue.tryPublish({ body: 1, dedupId: 'd' }).expect(201);
    expect(body.messages).toEqual([{ id, duplicate: true }]);
  });

  it('is not exceeded by publishers at both gateways at once', async () => {
    const queue = await contract.queue({ maxMessages: 10 });
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, body) => queue.tryPublish({ body }).then(({ status }) => status)),
    );
    expect(answers.filter((status) => status === 201)).toHaveLength(10);
    expect(answers.filter((status) => status === 429)).toHaveLength(20);
    expect(await queue.stats()).toMatchObject({ messages: 10 });
  });

  it('can be made smaller than what is there: nothing is lost', async () => {
    const queue = await contract.queue();
    await queue.publishBodies(1, 2, 3);
    await queue.change({ maxMessages: 1 });
    await expect.poll(async () => (await queue.tryPublish({ body: 'more' })).status, patient).toBe(429);
    expect((await queue.drain()).slice(0, 3)).toEqual([1, 2, 3]);
  });
});

describe('maxBytes of a queue', () => {
  it('refuses with 429 what would go beyond', async () => {
    const queue = await contract.queue({ maxBytes: 100 });
    await queue.publish(text(60));
    expect((await queue.tryPublish(text(41)).expect(429)).body.code).toBe('queue-full');
    await queue.publish(text(40));
    await queue.tryPublish(text(1)).expect(429);
    await queue.receive({ autoAck: true });
    await expect.poll(async () => (await queue.tryPublish(text(60))).status, patient).toBe(201);
  });
});

describe('limits of a topic', () => {
  it('refuse with 429 until the slowest subscription has acked', async () => {
    const topic = await contract.topic({ maxMessages: 2 });
    const fast = await contract.subscription(topic);
    const slow = await contract.subscription(topic);
    await topic.publishBodies(1, 2);
    await fast.drain();
    expect((await topic.tryPublish({ body: 3 }).expect(429)).body.code).toBe('queue-full');
    expect(await slow.drain()).toEqual([1, 2]);
    await expect.poll(async () => (await topic.tryPublish({ body: 3 })).status, patient).toBe(201);
  });

  it('count the bytes once, however many subscriptions there are', async () => {
    const topic = await contract.topic({ maxBytes: 100 });
    for (let count = 0; count < 3; count += 1) {
      await contract.subscription(topic);
    }
    await topic.publish(text(100));
    expect((await topic.stats()).bytes).toBe(100);
    await topic.tryPublish(text(1)).expect(429);
  });
});

describe('purging and deleting a queue of many messages', () => {
  it('works, and its name can be used again at once', { timeout: 60_000 }, async () => {
    const queue = await contract.queue();
    const thousand = Array.from({ length: 1000 }, (_, body) => ({ body }));
    const fill = () => Promise.all(Array.from({ length: 10 }, () => queue.publish(...thousand)));
    await fill();
    await queue.purge();
    expect(await queue.stats()).toMatchObject({ messages: 0, bytes: 0 });
    await fill();
    await contract.api.delete(queue.path).expect(204);
    await contract.api.put(queue.path).expect(201);
    expect(await queue.stats()).toMatchObject({ messages: 0, bytes: 0 });
    await queue.publishBodies('new');
    expect(await queue.drain()).toEqual(['new']);
  });
});
