/** POST /v1/transactions, at two gateways. */
import { describe, expect, it } from 'vitest';
import { SOURCES, type Source, useContract } from '../../support/contract-client.ts';
import { send } from '../../support/raw-http.ts';

const contract = useContract();

function transact(request: object) {
  return contract.api.post('/v1/transactions').send(request);
}

/** A source with these bodies, all of them received. */
async function taken(kind: (typeof SOURCES)[number], ...bodies: unknown[]) {
  const source = await contract.source(kind);
  await source.publishBodies(...bodies);
  const receipts = (await source.receive({ max: 1000 })).map(({ receipt }) => receipt);
  expect(receipts).toHaveLength(bodies.length);
  return { source, receipts };
}

/** Nothing was acked and nothing published. */
async function expectUntouched(source: Source, leased: number, target: Source): Promise<void> {
  expect(await source.stats()).toMatchObject({ messages: leased, leased });
  expect(await target.stats()).toMatchObject({ messages: 0 });
}

describe('a transaction', () => {
  it.each(SOURCES)('acks of a %s and publishes to queues and topics in one step', async (kind) => {
    const { source, receipts } = await taken(kind, 'in 1', 'in 2');
    const queue = await contract.queue();
    const subscription = await contract.source('subscription');
    const { body } = await transact({
      acks: [{ ...source.ref, receipts }],
      publishes: [
        { ...queue.target, messages: [{ body: 'out 1' }, { body: 'out 2' }] },
        { ...subscription.target, messages: [{ body: 'out 3', attributes: { kind: 'x' } }] },
      ],
    }).expect(200);
    expect(body).toEqual({
      publishes: [
        { messages: [{ id: expect.any(String) }, { id: expect.any(String) }] },
        { messages: [{ id: expect.any(String) }] },
      ],
    });
    expect(await source.stats()).toMatchObject({ messages: 0, leased: 0 });
    const [first, second] = await queue.receive({ max: 10 });
    expect([first?.id, second?.id]).toEqual(body.publishes[0].messages.map(({ id }: { id: string }) => id));
    expect([first?.body, second?.body]).toEqual(['out 1', 'out 2']);
    expect(await subscription.receiveOne()).toMatchObject({ body: 'out 3', attributes: { kind: 'x' } });
  });

  it('acks over several queues and subscriptions', async () => {
    const parts = [await taken('queue', 1, 2), await taken('subscription', 3), await taken('queue', 4)];
    await transact({ acks: parts.map(({ source, receipts }) => ({ ...source.ref, receipts })) }).expect(200);
    for (const { source } of parts) {
      expect(await source.stats()).toMatchObject({ messages: 0 });
    }
  });

  it('may only publish: to all of them or to none', async () => {
    const one = await contract.queue();
    const full = await contract.queue({ maxMessages: 1 });
    const publishes = [
      { ...one.target, messages: [{ body: 1 }] },
      { ...full.target, messages: [{ body: 2 }, { body: 3 }] },
    ];
    const refused = await transact({ publishes }).expect(429);
    expect(refused.body.code).toBe('queue-full');
    expect(await one.stats()).toMatchObject({ messages: 0 });
    await full.change({ maxMessages: 2 });
    await expect.poll(async () => (await transact({ publishes })).status, { timeout: 20_000 }).toBe(200);
    expect([await one.drain(), await full.drain()]).toEqual([[1], [2, 3]]);
  });

  it('may publish back to where it acks', async () => {
    const { source, receipts } = await taken('queue', 'old');
    const publishes = [{ ...source.target, messages: [{ body: 'new' }] }];
    await transact({ acks: [{ ...source.ref, receipts }], publishes }).expect(200);
    expect(await source.drain()).toEqual(['new']);
  });

  it('wakes who waits for what it publishes', async () => {
    const { source, receipts } = await taken('queue', 'in');
    const target = await contract.source('subscription');
    const waiting = target.receive({ waitSeconds: 40 });
    const publishes = [{ ...target.target, messages: [{ body: 'out' }] }];
    await transact({ acks: [{ ...source.ref, receipts }], publishes }).expect(200);
    expect(await waiting).toMatchObject([{ body: 'out' }]);
  });

  it('keeps bodies byte for byte, and takes the options of a publish', async () => {
    const queue = await contract.queue({ priorities: 2 });
    const body = `{"publishes":[{"queue":"${queue.name}","messages":[
      {"body": {"b":1.0,"b":12345678901234567890} ,"group":"g","priority":1},
      {"bodyBase64":"/w=="}, {"body":"later","delaySeconds":600}]}]}`;
    const headers = { 'content-type': 'application/json' };
    expect((await send(contract.api.url(), '/v1/transactions', { headers, body })).status).toBe(200);
    expect(await queue.stats()).toMatchObject({ ready: 2, delayed: 1 });
    const received = await send(contract.api.url(), `${queue.path}/messages/receive?max=2`);
    expect(received.text).toContain('"body":{"b":1.0,"b":12345678901234567890},"contentType"');
    expect(JSON.parse(received.text).messages).toMatchObject([
      { group: 'g', priority: 1 },
      { bodyBase64: '/w==' },
    ]);
  });

  it('respects dedupIds', async () => {
    const queue = await contract.queue();
    const [id] = await queue.publish({ body: 1, dedupId: 'd' });
    const publishes = [{ ...queue.target, messages: [{ body: 2, dedupId: 'd' }, { body: 3 }] }];
    const { body } = await transact({ publishes }).expect(200);
    expect(body.publishes[0].messages[0]).toEqual({ id, duplicate: true });
    expect(await queue.drain()).toEqual([1, 3]);
  });
});

describe('a transaction is aborted with 409 transaction-aborted, and nothing changed', () => {
  it.each(SOURCES)('when a receipt of a %s is lost', async (kind) => {
    const { source, receipts } = await taken(kind, 1, 2);
    const target = await contract.queue();
    await source.settle('nack', [receipts[0] ?? '']);
    await source.receiveOne({ leaseSeconds: 600 });
    const publishes = [{ ...target.target, messages: [{ body: 'out' }] }];
    const { body } = await transact({ acks: [{ ...source.ref, receipts }], publishes }).expect(409);
    expect(body.code).toBe('transaction-aborted');
    await expectUntouched(source, 2, target);
  });

  it.each(SOURCES)('when a receipt of a %s is invalid', async (kind) => {
    const { source, receipts } = await taken(kind, 1);
    const other = await taken(kind, 2);
    const target = await contract.queue();
    const publishes = [{ ...target.target, messages: [{ body: 'out' }] }];
    for (const invalid of ['nonsense', other.receipts[0] ?? '']) {
      const acks = [{ ...source.ref, receipts: [...receipts, invalid] }];
      expect((await transact({ acks, publishes }).expect(409)).body.code).toBe('transaction-aborted');
    }
    await expectUntouched(source, 1, target);
  });

  it.each(SOURCES)('when a receipt of a %s is already acked', async (kind) => {
    const { source, receipts } = await taken(kind, 1, 2);
    const target = await contract.queue();
    await source.settle('ack', [receipts[1] ?? '']);
    const publishes = [{ ...target.target, messages: [{ body: 'out' }] }];
    const { body } = await transact({ acks: [{ ...source.ref, receipts }], publishes }).expect(409);
    expect(body.code).toBe('transaction-aborted');
    await expectUntouched(source, 1, target);
  });

  it('when it is repeated without a transactionId', async () => {
    const { source, receipts } = await taken('queue', 1);
    const target = await contract.queue();
    const request = {
      acks: [{ ...source.ref, receipts }],
      publishes: [{ ...target.target, messages: [{ body: 'out' }] }],
    };
    await transact(request).expect(200);
    await transact(request).expect(409);
    expect(await target.drain()).toEqual(['out']);
  });

  it('for all but one of those that ack the same at once at different replicas', async () => {
    const { source, receipts } = await taken('queue', 1);
    const target = await contract.queue();
    const statuses = await Promise.all(
      Array.from({ length: 8 }, (_, body) =>
        transact({
          acks: [{ ...source.ref, receipts }],
          publishes: [{ ...target.target, messages: [{ body }] }],
        }).then(({ status }) => status),
      ),
    );
    expect(statuses.sort()).toEqual([200, ...Array(7).fill(409)]);
    expect(await target.drain()).toHaveLength(1);
  });
});

describe('the same receipt twice is 400', () => {
  it('in one part or in two', async () => {
    const { source, receipts } = await taken('queue', 1);
    const [receipt = ''] = receipts;
    for (const acks of [
      [{ ...source.ref, receipts: [receipt, receipt] }],
      [
        { ...source.ref, receipts },
        { ...source.ref, receipts },
      ],
    ]) {
      expect((await transact({ acks }).expect(400)).body.code).toBe('validation');
    }
    expect(await source.stats()).toMatchObject({ leased: 1 });
  });
});

describe('the same transactionId', () => {
  it('returns the first answer with duplicate: true, whatever the body', async () => {
    const { source, receipts } = await taken('queue', 1);
    const target = await contract.queue();
    const transactionId = contract.name();
    const publishes = [{ ...target.target, messages: [{ body: 'a' }, { body: 'b' }] }];
    const first = await transact({
      transactionId,
      acks: [{ ...source.ref, receipts }],
      publishes,
    }).expect(200);
    expect(first.body).not.toHaveProperty('duplicate');
    for (const request of [
      { acks: [{ ...source.ref, receipts }], publishes },
      { publishes: [{ ...target.target, messages: [{ body: 'other' }] }] },
      { acks: [{ queue: 'nowhere', receipts: ['x'] }] },
    ]) {
      const again = await transact({ transactionId, ...request }).expect(200);
      expect(again.body).toEqual({ ...first.body, duplicate: true });
    }
    expect(await target.drain()).toEqual(['a', 'b']);
  });

  it('takes effect once when repetitions arrive at once at different replicas', async () => {
    const { source, receipts } = await taken('queue', 1);
    const target = await contract.queue();
    const request = {
      transactionId: contract.name(),
      acks: [{ ...source.ref, receipts }],
      publishes: [{ ...target.target, messages: [{ body: 'once' }] }],
    };
    const answers = await Promise.all(Array.from({ length: 8 }, () => transact(request).expect(200)));
    expect(new Set(answers.map(({ body }) => body.publishes[0].messages[0].id)).size).toBe(1);
    expect(answers.filter(({ body }) => body.duplicate !== true)).toHaveLength(1);
    expect(await target.drain()).toEqual(['once']);
  });

  it('is free again after an abort', async () => {
    const { source, receipts } = await taken('queue', 1);
    const transactionId = contract.name();
    await transact({ transactionId, acks: [{ ...source.ref, receipts: ['nonsense'] }] }).expect(409);
    const { body } = await transact({ transactionId, acks: [{ ...source.ref, receipts }] }).expect(200);
    expect(body).toEqual({ publishes: [] });
  });

  it('has at most 128 characters', async () => {
    const queue = await contract.queue();
    const publishes = [{ ...queue.target, messages: [{ body: 1 }] }];
    await transact({ transactionId: 'x'.repeat(129), publishes }).expect(400);
    await transact({ transactionId: '', publishes }).expect(400);
    await transact({ transactionId: 'é'.repeat(128), publishes }).expect(200);
  });
});

describe('the limits of one publish request hold for all publishes together', () => {
  const text = (bytes: number) => ({ body: 'x'.repeat(bytes), contentType: 'text/plain' });

  it('1000 messages', async () => {
    const one = await contract.queue();
    const other = await contract.queue();
    const messages = (count: number) => Array.from({ length: count }, (_, body) => ({ body }));
    const publishes = (count: number) => [
      { ...one.target, messages: messages(500) },
      { ...other.target, messages: messages(count) },
    ];
    expect((await transact({ publishes: publishes(501) }).expect(413)).body.code).toBe('payload-too-large');
    await transact({ publishes: publishes(500) }).expect(200);
    expect([(await one.stats()).messages, (await other.stats()).messages]).toEqual([500, 500]);
  });

  it('900 KiB of messages, refused before anything is written', async () => {
    const { source, receipts } = await taken('queue', 1);
    const one = await contract.queue();
    const other = await contract.queue();
    const request = (last: number) => ({
      acks: [{ ...source.ref, receipts }],
      publishes: [
        { ...one.target, messages: [text(230_400), text(230_400)] },
        { ...other.target, messages: [text(230_400), text(last)] },
      ],
    });
    await transact(request(230_401)).expect(413);
    await expectUntouched(source, 1, one);
    await transact(request(230_400)).expect(200);
    expect((await other.stats()).bytes).toBe(460_800);
  });

  it('256 KiB for one message', async () => {
    const queue = await contract.queue();
    await transact({ publishes: [{ ...queue.target, messages: [text(262_145)] }] }).expect(413);
    await transact({ publishes: [{ ...queue.target, messages: [text(262_144)] }] }).expect(200);
  });
});
