/** What becomes of received messages, for queues and subscriptions alike, at two gateways. */
import { describe, expect, it } from 'vitest';
import { patient, SOURCES, type Source, useContract, type Verb } from '../../support/contract-client.ts';

const contract = useContract();

const EXTEND = { leaseSeconds: 60 };
const optionsOf = (verb: Verb): object => (verb === 'extend' ? EXTEND : {});

/** Has the message given to someone else after its lease ran out. */
async function leaseTwice(source: Source) {
  await source.publishBodies('twice');
  const first = await source.receiveOne({ leaseSeconds: 0.5 });
  const second = await source.receiveOne({ leaseSeconds: 600 });
  expect(second.id).toBe(first.id);
  return { first, second };
}

/** Waits until the lease has run out without anyone taking the message. */
async function leaseEnded(source: Source): Promise<void> {
  await expect.poll(async () => (await source.stats()).ready, patient).toBe(1);
}

describe.each(SOURCES)('settling messages of a %s', (kind) => {
  it('ack: done, and gone', async () => {
    const source = await contract.source(kind);
    await source.publishBodies(1, 2);
    const receipts = (await source.receive({ max: 2 })).map(({ receipt }) => receipt);
    expect(await source.settle('ack', receipts)).toEqual(['ok', 'ok']);
    expect(await source.stats()).toMatchObject({ messages: 0, bytes: 0 });
  });

  it('nack: given back at once, or after delaySeconds', async () => {
    const source = await contract.source(kind);
    await source.publishBodies(1);
    const first = await source.receiveOne();
    expect(await source.outcome('nack', first)).toBe('ok');
    const second = await source.receiveOne();
    expect(second).toMatchObject({ id: first.id, deliveries: 2 });
    expect(await source.outcome('nack', second, { delaySeconds: 600 })).toBe('ok');
    expect(await source.receive()).toEqual([]);
    expect(await source.stats()).toMatchObject({ messages: 1, ready: 0, delayed: 1 });
  });

  it('nack with a delay: ready again once it is over', async () => {
    const source = await contract.source(kind);
    await source.publishBodies(1);
    await source.outcome('nack', await source.receiveOne(), { delaySeconds: 0.4 });
    expect(await source.receiveOne()).toMatchObject({ body: 1, deliveries: 2 });
  });

  it('extend: kept longer, from now; the receipts stay valid', async () => {
    const source = await contract.source(kind, { leaseSeconds: 0.5 });
    await source.publishBodies(1);
    const { receipt } = await source.receiveOne();
    expect(await source.outcome('extend', { receipt }, EXTEND)).toBe('ok');
    expect(await source.receive({ waitSeconds: 1 })).toEqual([]);
    const [peeked] = await source.peek();
    expect(peeked?.state).toBe('leased');
    expect(await source.outcome('ack', { receipt })).toBe('ok');
  });

  it('an outcome is invalid for what was never a receipt of this queue', async () => {
    const source = await contract.source(kind);
    const other = await contract.source(kind);
    await other.publishBodies(1);
    const { receipt } = await other.receiveOne();
    for (const verb of ['ack', 'nack', 'extend', 'reject'] as const) {
      expect(await source.settle(verb, ['nonsense', receipt, ''], optionsOf(verb))).toEqual(
        Array(3).fill('invalid'),
      );
    }
    expect(await other.outcome('ack', { receipt })).toBe('ok');
  });

  it.each(['ack', 'nack', 'extend', 'reject'] as const)(
    '%s is lost after the lease ran out and the message was given to someone else',
    async (verb) => {
      const source = await contract.source(kind);
      const { first, second } = await leaseTwice(source);
      expect(await source.outcome(verb, first, optionsOf(verb))).toBe('lost');
      expect(await source.stats()).toMatchObject({ messages: 1, leased: 1 });
      expect(await source.outcome('ack', second)).toBe('ok');
    },
  );

  it.each(['ack', 'nack', 'extend', 'reject'] as const)(
    '%s that comes late but before anyone else got the message is ok',
    async (verb) => {
      const source = await contract.source(kind);
      await source.publishBodies(1);
      const message = await source.receiveOne({ leaseSeconds: 0.5 });
      await leaseEnded(source);
      expect(await source.outcome(verb, message, optionsOf(verb))).toBe('ok');
      const left = { ack: 0, reject: 0, nack: 1, extend: 1 }[verb];
      expect((await source.stats()).messages).toBe(left);
      expect((await source.stats()).leased).toBe(verb === 'extend' ? 1 : 0);
    },
  );

  it('acking twice is ok', async () => {
    const source = await contract.source(kind);
    await source.publishBodies(1);
    const message = await source.receiveOne();
    expect(await source.outcome('ack', message)).toBe('ok');
    expect(await source.outcome('ack', message)).toBe('ok');
    expect(await source.settle('ack', [message.receipt, message.receipt])).toEqual(['ok', 'ok']);
  });

  it('acking what is gone by anybody’s ack is ok', async () => {
    const source = await contract.source(kind);
    const { first, second } = await leaseTwice(source);
    expect(await source.outcome('ack', second)).toBe('ok');
    expect(await source.outcome('ack', first)).toBe('ok');
  });

  it('nacking or rejecting twice is lost', async () => {
    const source = await contract.source(kind);
    await source.publishBodies(1, 2);
    const [one, other] = await source.receive({ max: 2 });
    expect(await source.outcome('nack', { receipt: one?.receipt ?? '' }, { delaySeconds: 600 })).toBe('ok');
    expect(await source.outcome('nack', { receipt: one?.receipt ?? '' })).toBe('lost');
    expect(await source.outcome('reject', { receipt: other?.receipt ?? '' })).toBe('ok');
    expect(await source.outcome('reject', { receipt: other?.receipt ?? '' })).toBe('lost');
  });

  it('nack, extend and reject after an ack are lost', async () => {
    const source = await contract.source(kind);
    await source.publishBodies(1);
    const message = await source.receiveOne();
    await source.outcome('ack', message);
    for (const verb of ['nack', 'extend', 'reject'] as const) {
      expect(await source.outcome(verb, message, optionsOf(verb))).toBe('lost');
    }
  });

  it('after a purge every older receipt is lost, acked ones too', async () => {
    const source = await contract.source(kind);
    await source.publishBodies(1, 2, 3);
    const [acked, leased] = await source.receive({ max: 2 });
    await source.settle('ack', [acked?.receipt ?? '']);
    await source.purge();
    const receipts = [acked?.receipt ?? '', leased?.receipt ?? ''];
    for (const verb of ['ack', 'nack', 'extend', 'reject'] as const) {
      expect(await source.settle(verb, receipts, optionsOf(verb))).toEqual(['lost', 'lost']);
    }
    expect(await source.stats()).toMatchObject({ messages: 0 });
  });

  it('several receipts in one request each have their outcome, in their order', async () => {
    const source = await contract.source(kind);
    await source.publishBodies(1, 2, 3);
    const [one, two, three] = (await source.receive({ max: 3 })).map(({ receipt }) => receipt);
    await source.settle('nack', [two ?? ''], { delaySeconds: 600 });
    expect(await source.settle('nack', [three ?? '', 'x', two ?? '', one ?? ''])).toEqual([
      'ok',
      'invalid',
      'lost',
      'ok',
    ]);
  });
});

describe.each(SOURCES)('DELETE …/messages/{receipt} of a %s', (kind) => {
  it('is 204, 410 lease-lost, or 400 for what was never a receipt', async () => {
    const source = await contract.source(kind);
    const path = `${source.path}/messages`;
    const { first, second } = await leaseTwice(source);
    const lost = await contract.api.delete(`${path}/${first.receipt}`).expect(410);
    expect(lost.body.code).toBe('lease-lost');
    await contract.api.delete(`${path}/${second.receipt}`).expect(204);
    await contract.api.delete(`${path}/${second.receipt}`).expect(204);
    const never = await contract.api.delete(`${path}/nonsense`).expect(400);
    expect(never.body.code).toBe('validation');
  });
});

describe.each(SOURCES)('GET …/messages of a %s', (kind) => {
  it('peeks without leasing: each like Received without receipt, with its state', async () => {
    const source = await contract.source(kind);
    await source.publish({ body: 'leased' }, { body: 'ready' }, { body: 'delayed', delaySeconds: 600 });
    await source.receiveOne();
    const messages = await source.peek();
    const states = messages.map(({ body, state }) => [body, state]);
    expect(states.sort()).toEqual([
      ['delayed', 'delayed'],
      ['leased', 'leased'],
      ['ready', 'ready'],
    ]);
    for (const message of messages) {
      expect(message).not.toHaveProperty('receipt');
      expect(message).toMatchObject({
        id: expect.any(String),
        contentType: 'application/json',
        attributes: {},
        priority: 0,
        publishedAt: expect.any(String),
        deliveries: message.state === 'leased' ? 1 : 0,
      });
    }
    expect(await source.stats()).toMatchObject({ ready: 1, leased: 1, delayed: 1 });
  });

  it('shows one state only, page by page', async () => {
    const source = await contract.source(kind);
    await source.publishBodies(...Array(7).keys());
    await source.receive({ max: 2 });
    const bodies: unknown[] = [];
    let query = '?state=ready&limit=2';
    for (let pages = 0; pages < 10 && query !== ''; pages += 1) {
      const { body } = await contract.api.get(`${source.path}/messages${query}`).expect(200);
      bodies.push(...body.messages.map((message: { body: unknown }) => message.body));
      const cursor = body.nextCursor;
      query = cursor === undefined ? '' : `?state=ready&limit=2&cursor=${encodeURIComponent(cursor)}`;
    }
    expect(bodies).toEqual([2, 3, 4, 5, 6]);
    expect((await source.peek('?state=leased')).map(({ body }) => body)).toEqual([0, 1]);
    expect(await source.peek('?state=delayed')).toEqual([]);
  });
});
