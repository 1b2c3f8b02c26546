/** Dead letters, for queues and subscriptions alike, at two gateways. */
import { describe, expect, it } from 'vitest';
import { patient, SOURCES, type Source, useContract } from '../../support/contract-client.ts';

const contract = useContract();

async function withDeadLetters(
  kind: (typeof SOURCES)[number],
  config: object = {},
  deadLetterConfig: object = {},
): Promise<{ source: Source; deadLetters: Source }> {
  const deadLetters = await contract.queue(deadLetterConfig);
  const source = await contract.source(kind, { deadLetterQueue: deadLetters.name, ...config });
  return { source, deadLetters };
}

/** Takes the next message, whose lease then runs out. */
async function loseLease(source: Source): Promise<string> {
  return (await source.receiveOne({ leaseSeconds: 0.5 })).receipt;
}

describe.each(SOURCES)('maxDeliveries of a %s', (kind) => {
  it('moves a message to the deadLetterQueue when its last lease ends', async () => {
    const { source, deadLetters } = await withDeadLetters(kind, { maxDeliveries: 2 });
    const [id] = await source.publish({
      body: { a: 1.0 },
      attributes: { kind: 'x' },
      group: 'g',
    });
    const { publishedAt } = await source.receiveOne({ leaseSeconds: 0.5 });
    const second = await source.receiveOne({ leaseSeconds: 0.5 });
    expect(second.deliveries).toBe(2);
    const dead = await deadLetters.receiveOne();
    expect(dead).toMatchObject({
      id,
      body: { a: 1 },
      attributes: { kind: 'x' },
      group: 'g',
      publishedAt,
      deliveries: 1,
      deadLetter: {
        source: source.ref,
        reason: 'max-deliveries',
        deliveries: 2,
        at: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
      },
    });
    expect(dead.deadLetter).not.toHaveProperty('detail');
    expect(await source.stats()).toMatchObject({ messages: 0, bytes: 0 });
    expect(await source.receive()).toEqual([]);
  });

  it('moves it at once when the last delivery is nacked', async () => {
    const { source, deadLetters } = await withDeadLetters(kind, { maxDeliveries: 1 });
    await source.publishBodies(1);
    expect(await source.outcome('nack', await source.receiveOne())).toBe('ok');
    expect(await source.stats()).toMatchObject({ messages: 0 });
    expect(await deadLetters.receive()).toMatchObject([
      { body: 1, deadLetter: { reason: 'max-deliveries' } },
    ]);
  });

  it('answers lost to what comes late after the last delivery: the message is dead', async () => {
    const { source, deadLetters } = await withDeadLetters(kind, { maxDeliveries: 1 });
    await source.publishBodies(1, 2, 3, 4);
    const receipts: string[] = [];
    for (let count = 0; count < 4; count += 1) {
      receipts.push(await loseLease(source));
    }
    await expect.poll(async () => (await source.stats()).messages, patient).toBe(0);
    for (const [index, verb] of (['ack', 'nack', 'extend', 'reject'] as const).entries()) {
      const options = verb === 'extend' ? { leaseSeconds: 60 } : {};
      expect([verb, await source.settle(verb, [receipts[index] ?? ''], options)]).toEqual([verb, ['lost']]);
    }
    expect((await deadLetters.drain()).sort()).toEqual([1, 2, 3, 4]);
  });

  it('is unlimited when absent', async () => {
    const { source } = await withDeadLetters(kind);
    await source.publishBodies(1);
    for (let deliveries = 1; deliveries <= 12; deliveries += 1) {
      const message = await source.receiveOne();
      expect(message.deliveries).toBe(deliveries);
      await source.outcome('nack', message);
    }
  });

  it('drops the message when there is no deadLetterQueue', async () => {
    const source = await contract.source(kind, { maxDeliveries: 1 });
    await source.publishBodies(1, 2);
    await loseLease(source);
    await source.outcome('nack', await source.receiveOne());
    await expect.poll(async () => (await source.stats()).messages, patient).toBe(0);
    expect(await source.receive()).toEqual([]);
  });
});

describe.each(SOURCES)('rejecting messages of a %s', (kind) => {
  it('moves them straight to the dead-letter queue, with the reason', async () => {
    const { source, deadLetters } = await withDeadLetters(kind, { maxDeliveries: 9 });
    const ids = await source.publishBodies('a', 'b');
    const receipts = (await source.receive({ max: 2 })).map(({ receipt }) => receipt);
    expect(await source.settle('reject', receipts, { reason: 'no such customer' })).toEqual(['ok', 'ok']);
    expect(await source.stats()).toMatchObject({ messages: 0 });
    const dead = await deadLetters.receive({ max: 10 });
    expect(dead.map(({ id }) => id)).toEqual(ids);
    for (const { deadLetter } of dead) {
      expect(deadLetter).toMatchObject({
        source: source.ref,
        reason: 'rejected',
        detail: 'no such customer',
        deliveries: 1,
      });
    }
  });

  it('drops them when there is none', async () => {
    const source = await contract.source(kind);
    await source.publishBodies(1);
    expect(await source.outcome('reject', await source.receiveOne())).toBe('ok');
    expect(await source.stats()).toMatchObject({ messages: 0 });
  });
});

describe('the move to the dead letters happens when the last lease ends', () => {
  const oneDelivery = { maxDeliveries: 1 };

  it.each(SOURCES)('for who waits on the dead-letter queue of a %s', async (kind) => {
    const { source, deadLetters } = await withDeadLetters(kind, oneDelivery);
    await source.publishBodies(1);
    const waiting = deadLetters.receive({ waitSeconds: 40 });
    await loseLease(source);
    expect(await waiting).toMatchObject([{ body: 1 }]);
  });

  it.each(SOURCES)('for who reads the dead-letter queue of a %s', async (kind) => {
    const { source, deadLetters } = await withDeadLetters(kind, oneDelivery);
    await source.publishBodies('dead');
    await loseLease(source);
    await expect.poll(async () => (await deadLetters.stats()).ready, patient).toBe(1);
    expect((await deadLetters.peek()).map(({ body, state }) => [body, state])).toEqual([['dead', 'ready']]);
    expect(await source.stats()).toMatchObject({ messages: 0 });
  });

  it.each(SOURCES)('for who reads a %s', async (kind) => {
    const { source } = await withDeadLetters(kind, oneDelivery);
    await source.publishBodies(1);
    await loseLease(source);
    await expect.poll(async () => (await source.peek()).length, patient).toBe(0);
    expect(await source.stats()).toMatchObject({ messages: 0 });
  });

  it('for who polls the dead-letter queue without waiting', async () => {
    const { source, deadLetters } = await withDeadLetters('queue', oneDelivery);
    await source.publishBodies(1);
    await loseLease(source);
    await expect.poll(() => deadLetters.receive(), patient).toMatchObject([{ body: 1 }]);
  });

  it('along a chain of dead-letter queues', async () => {
    const last = await contract.queue();
    const middle = await contract.queue({ deadLetterQueue: last.name, ...oneDelivery });
    const first = await contract.queue({ deadLetterQueue: middle.name, ...oneDelivery });
    const [id] = await first.publishBodies(1);
    await loseLease(first);
    expect(await middle.receiveOne({ leaseSeconds: 0.5 })).toMatchObject({ id, deliveries: 1 });
    expect(await last.receiveOne()).toMatchObject({
      id,
      deadLetter: { source: middle.ref, reason: 'max-deliveries' },
    });
  });

  it('also around a cycle of them', async () => {
    const one = await contract.queue(oneDelivery);
    const other = await contract.queue({ deadLetterQueue: one.name, ...oneDelivery });
    await one.change({ deadLetterQueue: other.name });
    const [id] = await one.publishBodies(1);
    for (const [from, to] of [
      [one, other],
      [other, one],
      [one, other],
    ] as const) {
      await loseLease(from);
      await expect.poll(async () => (await to.stats()).ready, patient).toBe(1);
    }
    expect(await other.receiveOne()).toMatchObject({ id, deadLetter: { source: one.ref } });
  });
});

describe('dead letters', () => {
  it('are never refused by maxMessages or maxBytes of the dead-letter queue', async () => {
    const limits = { maxMessages: 1, maxBytes: 10 };
    const { source, deadLetters } = await withDeadLetters('queue', {}, limits);
    await deadLetters.publishBodies('full');
    await source.publishBodies('x'.repeat(100), 'y'.repeat(100));
    const receipts = (await source.receive({ max: 2 })).map(({ receipt }) => receipt);
    expect(await source.settle('reject', receipts)).toEqual(['ok', 'ok']);
    expect((await deadLetters.stats()).messages).toBe(3);
  });

  it('have messageTtlSeconds of the dead-letter queue counted from their arrival', async () => {
    const { source, deadLetters } = await withDeadLetters('queue', {}, { messageTtlSeconds: 2 });
    await source.publishBodies('dead');
    const message = await source.receiveOne();
    await expect
      .poll(async () => (await source.stats()).oldestMessageAgeSeconds, patient)
      .toBeGreaterThan(2.1);
    await source.outcome('reject', message);
    expect(await deadLetters.receiveOne()).toMatchObject({ body: 'dead' });
    await expect.poll(async () => (await deadLetters.peek()).length, patient).toBe(0);
  });

  it('no longer have their own expiresInSeconds', async () => {
    const { source, deadLetters } = await withDeadLetters('queue');
    const beacon = await contract.queue();
    await source.publish({ body: 'dead', expiresInSeconds: 2 });
    await beacon.publish({ body: 'expired', delaySeconds: 2.5 });
    await source.outcome('reject', await source.receiveOne());
    expect((await beacon.receiveOne()).body).toBe('expired');
    expect(await deadLetters.receive()).toMatchObject([{ body: 'dead' }]);
  });

  it('can be acked, nacked and rejected like any other message', async () => {
    const { source, deadLetters } = await withDeadLetters('queue');
    await source.publishBodies(1);
    await source.outcome('reject', await source.receiveOne(), { reason: 'why' });
    await deadLetters.outcome('nack', await deadLetters.receiveOne());
    const again = await deadLetters.receiveOne();
    expect(again).toMatchObject({ deliveries: 2, deadLetter: { detail: 'why', deliveries: 1 } });
    expect(await deadLetters.outcome('ack', again)).toBe('ok');
    expect((await deadLetters.stats()).messages).toBe(0);
  });
});

describe('a queue that is somebody’s deadLetterQueue', () => {
  it.each(SOURCES)('cannot be deleted (409) while it is that of a %s', async (kind) => {
    const { source, deadLetters } = await withDeadLetters(kind);
    const refused = await contract.api.delete(deadLetters.path).expect(409);
    // Who is to take it out is told where.
    const [, name] = /\/v1\/(?:queues|topics)\/(.+)$/.exec(source.path) ?? [];
    expect(refused.body.detail).toContain(`'${name?.replace('/subscriptions/', '/')}'`);
    expect(refused.body.code).toBe('conflict');
    expect((await deadLetters.stats()).messages).toBe(0);
    await source.change({ deadLetterQueue: null });
    await contract.api.delete(deadLetters.path).expect(204);
  });

  it.each(SOURCES)('can be deleted once the %s is', async (kind) => {
    const { source, deadLetters } = await withDeadLetters(kind);
    await contract.api.delete(source.path).expect(204);
    await contract.api.delete(deadLetters.path).expect(204);
  });

  it('can be deleted once the topic of the subscription is', async () => {
    const { source, deadLetters } = await withDeadLetters('subscription');
    await contract.api.delete(source.topicPath).expect(204);
    await contract.api.delete(deadLetters.path).expect(204);
  });
});
