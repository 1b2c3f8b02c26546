/** Expiry, for queues and subscriptions alike, at two gateways. */
import { describe, expect, it } from 'vitest';
import { patient, SOURCES, useContract } from '../../support/contract-client.ts';

const contract = useContract();

describe.each(SOURCES)('at a %s, expiresInSeconds', (kind) => {
  it('drops a message that is not received in time; others stay', async () => {
    const source = await contract.source(kind);
    await source.publish({ body: 'short', expiresInSeconds: 0.5 }, { body: 'long', expiresInSeconds: 600 });
    await expect.poll(async () => (await source.peek()).map(({ body }) => body), patient).toEqual(['long']);
    expect(await source.drain()).toEqual(['long']);
    await expect.poll(async () => (await source.stats()).messages, patient).toBe(0);
  });

  it('drops a message that is not acked in time', async () => {
    const source = await contract.source(kind);
    await source.publish({ body: 1, expiresInSeconds: 1.5 });
    await source.receiveOne({ leaseSeconds: 0.5 });
    await expect.poll(async () => (await source.peek()).length, patient).toBe(0);
    expect(await source.receive()).toEqual([]);
  });

  it('does not bring a message to the dead letters', async () => {
    const deadLetters = await contract.queue();
    const source = await contract.source(kind, { deadLetterQueue: deadLetters.name, maxDeliveries: 5 });
    await source.publish({ body: 1, expiresInSeconds: 0.5 });
    await expect.poll(async () => (await source.peek()).length, patient).toBe(0);
    expect(await source.receive()).toEqual([]);
    expect(await deadLetters.receive()).toEqual([]);
  });

  it('is over before a longer delay', async () => {
    const source = await contract.source(kind);
    await source.publish(
      { body: 1, expiresInSeconds: 0.5, delaySeconds: 1.5 },
      { body: 2, delaySeconds: 1.6 },
    );
    expect((await source.receiveOne()).body).toBe(2);
    expect(await source.receive()).toEqual([]);
  });

  it('unblocks the group of a message that was in flight', async () => {
    const source = await contract.source(kind, { ordering: 'group' });
    await source.publish({ body: 1, group: 'g', expiresInSeconds: 1.5 }, { body: 2, group: 'g' });
    expect((await source.receiveOne({ leaseSeconds: 0.5 })).body).toBe(1);
    const bodies: unknown[] = [];
    while (!bodies.includes(2)) {
      const message = await source.receiveOne({ leaseSeconds: 0.5 });
      bodies.push(message.body);
      if (message.body === 2) await source.outcome('ack', message);
    }
    expect(bodies.at(-1)).toBe(2);
  });
});

describe.each(SOURCES)('at a %s, messageTtlSeconds', (kind) => {
  it('drops unacked messages that are older', async () => {
    const source = await contract.source(kind, { messageTtlSeconds: 1 });
    await source.publishBodies(1, 2);
    expect(await source.receiveOne()).toMatchObject({ body: 1 });
    await expect.poll(async () => (await source.peek()).length, patient).toBe(0);
    expect(await source.receive()).toEqual([]);
  });

  it('and expiresInSeconds: what is over first counts', async () => {
    const source = await contract.source(kind, { messageTtlSeconds: 1 });
    await source.publish({ body: 1, expiresInSeconds: 600 });
    await expect.poll(async () => (await source.peek()).length, patient).toBe(0);
  });

  it('is never, when absent', async () => {
    const source = await contract.source(kind);
    await source.publishBodies(1);
    const { config } = (await contract.api.get(source.topicPath).expect(200)).body;
    expect(config).not.toHaveProperty('messageTtlSeconds');
    expect(await source.drain()).toEqual([1]);
  });
});
