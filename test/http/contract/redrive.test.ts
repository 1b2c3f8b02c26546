/** POST /v1/queues/{queue}/redrive, at two gateways. */
import { describe, expect, it } from 'vitest';
import { SOURCES, type Source, useContract } from '../../support/contract-client.ts';

const contract = useContract();

/** A queue with these bodies as dead letters of a source of this kind. */
async function rejected(
  kind: (typeof SOURCES)[number],
  bodies: readonly unknown[],
  config: object = {},
): Promise<{ source: Source; deadLetters: Source; ids: string[] }> {
  const deadLetters = await contract.queue();
  const source = await contract.source(kind, { ...config, deadLetterQueue: deadLetters.name });
  const ids = await source.publishBodies(...bodies);
  const receipts = (await source.receive({ max: 1000 })).map(({ receipt }) => receipt);
  expect(new Set(await source.settle('reject', receipts))).toEqual(new Set(['ok']));
  return { source, deadLetters, ids };
}

async function redrive(deadLetters: Source, request: object = {}): Promise<number> {
  const { body } = await contract.api.post(`${deadLetters.path}/redrive`).send(request).expect(200);
  const why = { reason: expect.any(String), detail: expect.any(String) };
  expect(body).toEqual({ moved: expect.any(Number), ...(body.moved === 0 ? why : {}) });
  return body.moved;
}

describe.each(SOURCES)('redriving dead letters of a %s', (kind) => {
  it('moves them back to where they came from: ids stay, deliveries start again at 1', async () => {
    const { source, deadLetters, ids } = await rejected(kind, ['a', 'b', 'c']);
    expect(await redrive(deadLetters)).toBe(3);
    expect((await deadLetters.stats()).messages).toBe(0);
    const back = await source.receive({ max: 10 });
    expect(back.map(({ id }) => id).sort()).toEqual([...ids].sort());
    for (const message of back) {
      expect(message.deliveries).toBe(1);
    }
  });

  it('moves them to the queue `to`', async () => {
    const { source, deadLetters, ids } = await rejected(kind, ['a', 'b']);
    const elsewhere = await contract.queue();
    expect(await redrive(deadLetters, { to: elsewhere.name })).toBe(2);
    expect((await elsewhere.receive({ max: 10 })).map(({ id }) => id)).toEqual(ids);
    expect(await source.receive()).toEqual([]);
  });

  it('moves them to the topic `to`', async () => {
    const { deadLetters, ids } = await rejected(kind, ['a', 'b']);
    const topic = await contract.topic();
    const subscriptions = [await contract.subscription(topic), await contract.subscription(topic)];
    expect(await redrive(deadLetters, { to: topic.name })).toBe(2);
    for (const subscription of subscriptions) {
      expect((await subscription.receive({ max: 10 })).map(({ id }) => id)).toEqual(ids);
    }
  });

  it('moves `max` of them at most', async () => {
    const { source, deadLetters } = await rejected(kind, [1, 2, 3, 4, 5]);
    expect(await redrive(deadLetters, { max: 2 })).toBe(2);
    expect((await deadLetters.stats()).messages).toBe(3);
    expect(await source.receive({ max: 10 })).toHaveLength(2);
  });

  it('moves only what is ready', async () => {
    const { deadLetters } = await rejected(kind, [1, 2, 3]);
    await deadLetters.receive();
    const later = await deadLetters.receiveOne();
    await deadLetters.outcome('nack', later, { delaySeconds: 600 });
    expect(await redrive(deadLetters)).toBe(1);
    expect(await deadLetters.stats()).toMatchObject({ messages: 2, leased: 1, delayed: 1 });
  });

  it('loses and doubles none when it is asked for at once at both gateways', async () => {
    const bodies = [...Array(200).keys()];
    const { source, deadLetters } = await rejected(kind, bodies);
    const moved = await Promise.all(Array.from({ length: 5 }, () => redrive(deadLetters)));
    expect(moved.reduce((sum, one) => sum + one)).toBe(200);
    const back = (await source.drain()) as number[];
    expect(back.sort((one, other) => one - other)).toEqual(bodies);
  });

  it('respects the target’s limits: 429, and nothing is moved', async () => {
    const { deadLetters } = await rejected(kind, [1, 2, 3]);
    const small = await contract.queue({ maxMessages: 2 });
    const refused = await contract.api
      .post(`${deadLetters.path}/redrive`)
      .send({ to: small.name })
      .expect(429);
    expect(refused.body.code).toBe('queue-full');
    expect((await deadLetters.stats()).messages).toBe(3);
    expect((await small.stats()).messages).toBe(0);
    expect(await redrive(deadLetters, { to: small.name, max: 2 })).toBe(2);
  });

  it('wakes who waits for them', async () => {
    const { source, deadLetters } = await rejected(kind, ['back']);
    const waiting = source.receive({ waitSeconds: 40 });
    expect(await redrive(deadLetters)).toBe(1);
    expect(await waiting).toMatchObject([{ body: 'back', deliveries: 1 }]);
  });
});

describe('redriving', () => {
  it('gives a subscription back what is its, and nothing to the others of its topic', async () => {
    const { source, deadLetters } = await rejected('subscription', ['a']);
    const [, , , topicName = ''] = source.topicPath.split('/');
    const other = `/v1/topics/${topicName}/subscriptions/other`;
    await contract.api.put(other).expect(201);
    await redrive(deadLetters);
    expect(await source.receive()).toMatchObject([{ body: 'a' }]);
    expect((await contract.api.post(`${other}/messages/receive`).expect(200)).body.messages).toEqual([]);
  });

  it('can lead to death again, with the new history', async () => {
    const { source, deadLetters } = await rejected('queue', ['a'], { maxDeliveries: 1 });
    await redrive(deadLetters);
    await source.outcome('nack', await source.receiveOne());
    expect(await deadLetters.receiveOne()).toMatchObject({
      body: 'a',
      deadLetter: { reason: 'max-deliveries', deliveries: 1 },
    });
  });

  it('leaves alone what is no dead letter', async () => {
    const { source, deadLetters } = await rejected('queue', ['dead']);
    await deadLetters.publishBodies('published here');
    expect(await redrive(deadLetters)).toBe(1);
    expect(await source.drain()).toEqual(['dead']);
    expect(await deadLetters.drain()).toEqual(['published here']);
  });

  it('moves nothing when there is nothing, and says why', async () => {
    const asked = async ({ path }: Source, request = {}) =>
      (await contract.api.post(`${path}/redrive`).send(request).expect(200)).body;
    const { source, deadLetters } = await rejected('queue', ['a']);
    // Whoever asks the source is told where its dead letters are.
    expect(await asked(source)).toMatchObject({ moved: 0, reason: 'empty' });
    expect((await asked(source)).detail).toContain(`'${deadLetters.name}'`);
    const [taken] = await deadLetters.receive();
    expect(await asked(deadLetters)).toMatchObject({ moved: 0, reason: 'none-ready' });
    await deadLetters.settle('nack', [taken?.receipt ?? '']);
    await contract.api.delete(source.path).expect(204);
    expect(await asked(deadLetters)).toMatchObject({ moved: 0, reason: 'none-to-move' });
    expect((await asked(deadLetters)).detail).toContain('`to`');
    const other = await contract.queue();
    await other.publishBodies('no dead letter');
    expect(await asked(other, { to: deadLetters.name })).toMatchObject({ moved: 0, reason: 'none-to-move' });
  });

  it('is 404 for a queue that does not exist, and refused when `to` does not', async () => {
    await contract.api.post(`/v1/queues/${contract.name()}/redrive`).expect(404);
    const { deadLetters } = await rejected('queue', ['a']);
    const refused = await contract.api.post(`${deadLetters.path}/redrive`).send({ to: 'nowhere' });
    expect([404, 409]).toContain(refused.status);
    expect((await deadLetters.stats()).messages).toBe(1);
  });
});
