/** Rights on names that no path tells: in bodies, and in lists. */
import { describe, expect, it } from 'vitest';
import { useGuardedGateways } from '../support/guarded-gateways.ts';

const guarded = useGuardedGateways({
  admin: { rights: { publish: ['*'], consume: ['*'], manage: ['*'] } },
  shop: { rights: { publish: ['shop-*'], consume: ['shop-*'], manage: ['shop-*'] } },
  rival: { rights: { publish: ['rival-*'], consume: ['rival-*'], manage: ['rival-*'] } },
  deployer: { rights: { manage: ['*'] } },
  billing: { rights: { consume: ['events/billing*'], manage: ['events/billing-own'] } },
  writer: { rights: { publish: ['events'] } },
});

const { as } = guarded;

async function create(...paths: string[]): Promise<void> {
  for (const path of paths) expect((await as('admin', 'PUT', `/v1/${path}`)).status).toBeLessThan(300);
}

async function messagesIn(queue: string): Promise<number> {
  return (await as('admin', 'GET', `/v1/queues/${queue}`)).body.stats.messages;
}

/** All names of a list, over all its pages, and how many pages there were. */
async function listed(name: string, path: string, key: string, limit: number) {
  const names: string[] = [];
  let cursor = '';
  for (let pages = 1; ; pages += 1) {
    const { status, body } = await as(name, 'GET', `${path}?limit=${limit}${cursor}`);
    expect(status).toBe(200);
    names.push(...body[key].map((item: { name: string }) => item.name));
    if (body.nextCursor === undefined) return { names, pages };
    cursor = `&cursor=${body.nextCursor}`;
  }
}

describe('lists', () => {
  it('show what one may see, in pages that are full', async () => {
    const theirs = ['a', 'b', 'c', 'd'].map((letter) => `shop-${letter}`);
    await create(
      ...theirs.map((name) => `queues/${name}`),
      'queues/rival-a',
      'queues/shopkeeper',
      'queues/shop-e',
    );
    await create('queues/zebra');
    expect(await listed('shop', '/v1/queues', 'queues', 2)).toEqual({
      names: [...theirs, 'shop-e'],
      pages: 3,
    });
    expect(await listed('shop', '/v1/queues', 'queues', 5)).toEqual({
      names: [...theirs, 'shop-e'],
      pages: 1,
    });
    expect(await listed('rival', '/v1/queues', 'queues', 1)).toEqual({ names: ['rival-a'], pages: 1 });
    await create('topics/rival-topic', 'topics/shop-topic');
    expect(await listed('shop', '/v1/topics', 'topics', 9)).toEqual({ names: ['shop-topic'], pages: 1 });
    expect(await listed('writer', '/v1/queues', 'queues', 1)).toEqual({ names: [], pages: 1 });
  });

  it('show of the subscriptions of a topic those that one may see', async () => {
    const names = ['audit', 'billing', 'billing-own'];
    await create('topics/events', ...names.map((name) => `topics/events/subscriptions/${name}`));
    const path = '/v1/topics/events/subscriptions';
    expect(await listed('admin', path, 'subscriptions', 2)).toEqual({ names, pages: 2 });
    expect(await listed('billing', path, 'subscriptions', 1)).toEqual({ names: names.slice(1), pages: 2 });
    // Nobody publishes to a subscription: the right on the topic shows none of them.
    expect(await listed('writer', path, 'subscriptions', 1)).toEqual({ names: [], pages: 1 });
    expect((await as('shop', 'GET', path)).status).toBe(403);
    expect((await as('billing', 'GET', '/v1/topics/events')).status).toBe(403);
    expect((await as('billing', 'GET', `${path}/billing`)).status).toBe(200);
    expect((await as('billing', 'GET', `${path}/audit`)).status).toBe(403);
  });

  it('tell nobody by an answer what exists', async () => {
    await create('queues/rival-known');
    for (const path of ['queues/rival-known', 'queues/rival-unknown', 'topics/rival-unknown/subscriptions']) {
      const { status, body } = await as('shop', 'GET', `/v1/${path}`);
      expect([path, status, body.code]).toEqual([path, 403, 'forbidden']);
    }
  });
});

describe('a deadLetterQueue', () => {
  it('must be managed by whoever names it', async () => {
    await create('queues/rival-dead', 'queues/shop-dead', 'topics/shop-news');
    const mine = ['/v1/queues/shop-work', '/v1/topics/shop-news/subscriptions/work'];
    for (const path of mine) {
      for (const deadLetterQueue of ['rival-dead', 'rival-unknown']) {
        expect((await as('shop', 'PUT', path, { deadLetterQueue })).status).toBe(403);
        expect((await as('admin', 'GET', path)).status).toBe(404);
      }
      expect((await as('shop', 'PUT', path, { deadLetterQueue: 'shop-dead' })).status).toBe(201);
      expect((await as('shop', 'PATCH', path, { deadLetterQueue: 'rival-dead' })).status).toBe(403);
      expect((await as('shop', 'PATCH', path, { deadLetterQueue: null, leaseSeconds: 5 })).status).toBe(200);
      expect((await as('admin', 'PATCH', path, { deadLetterQueue: 'rival-dead' })).status).toBe(200);
      // It is there already, and is not named.
      expect((await as('shop', 'PATCH', path, { leaseSeconds: 6 })).body.config).toMatchObject({
        deadLetterQueue: 'rival-dead',
        leaseSeconds: 6,
      });
    }
  });
});

describe('who may only manage', () => {
  it('cannot read messages by a dead-letter queue of their own', async () => {
    await create('queues/shop-secrets', 'topics/shop-feed', 'topics/shop-feed/subscriptions/all');
    await create('queues/rival-loot');
    const message = { messages: [{ body: 'secret' }] };
    expect((await as('admin', 'POST', '/v1/queues/shop-secrets/messages', message)).status).toBe(201);
    for (const path of ['/v1/queues/shop-secrets', '/v1/topics/shop-feed/subscriptions/all']) {
      const config = { deadLetterQueue: 'rival-loot', maxDeliveries: 1 };
      for (const method of ['PUT', 'PATCH']) {
        const { status, body } = await as('deployer', method, path, config);
        expect([status, body.detail]).toEqual([
          403,
          expect.stringContaining('deployer may not consume from shop-'),
        ]);
      }
      expect((await as('admin', 'GET', path)).body.config).not.toHaveProperty('deadLetterQueue');
      expect((await as('deployer', 'PATCH', path, { leaseSeconds: 5, maxDeliveries: 3 })).status).toBe(200);
    }
  });
});

describe('a redrive', () => {
  it('to another queue needs the rights to carry the messages there by hand', async () => {
    await create('queues/shop-letters', 'queues/shop-target', 'queues/rival-target');
    const path = '/v1/queues/shop-letters/redrive';
    expect((await as('shop', 'POST', path, { to: 'shop-target' })).status).toBe(200);
    expect((await as('shop', 'POST', path, { to: 'rival-target' })).status).toBe(403);
    expect((await as('deployer', 'POST', path, { to: 'shop-target' })).status).toBe(403);
    expect((await as('deployer', 'POST', path, {})).status).toBe(200);
  });
});

describe('a transaction', () => {
  const publish = (...queues: string[]) => queues.map((queue) => ({ queue, messages: [{ body: 1 }] }));

  it('needs the rights on everything that it names, or does nothing', async () => {
    await create('queues/shop-in', 'queues/shop-out', 'queues/rival-out', 'topics/events');
    await create('topics/events/subscriptions/billing');
    const transact = (name: string, json: object) => as(name, 'POST', '/v1/transactions', json);
    const refused = await transact('shop', { publishes: publish('shop-out', 'rival-out') });
    expect([refused.status, refused.body.detail]).toEqual([403, 'shop may not publish to rival-out.']);
    expect(await messagesIn('shop-out')).toBe(0);
    expect((await transact('shop', { publishes: publish('shop-out') })).status).toBe(200);

    const topic = { topic: 'events', subscription: 'billing', receipts: ['never'] };
    expect((await transact('shop', { acks: [topic] })).status).toBe(403);
    expect((await transact('writer', { acks: [topic] })).status).toBe(403);
    expect((await transact('billing', { acks: [topic] })).status).toBe(409);
    const toTopic = { publishes: [{ topic: 'events', messages: [{ body: 1 }] }] };
    expect((await transact('billing', toTopic)).status).toBe(403);
    expect((await transact('writer', toTopic)).status).toBe(200);
    expect((await transact('deployer', { acks: [{ queue: 'shop-in', receipts: ['never'] }] })).status).toBe(
      403,
    );
  });

  it('is refused for what it names before anything else is looked at', async () => {
    const wrong = { queue: 'rival-out', messages: [{ unknown: 1 }], unknown: 2 };
    expect((await as('shop', 'POST', '/v1/transactions', { publishes: [wrong], unknown: 3 })).status).toBe(
      403,
    );
    const ack = { queue: 'shop-in', receipts: [1, 'x', 'x'] };
    expect((await as('rival', 'POST', '/v1/transactions', { acks: [ack] })).status).toBe(403);
    expect((await as('shop', 'POST', '/v1/transactions', { acks: [ack] })).status).toBe(400);
    // Without any right to take or to store, not even a body is waited for.
    const { status, body } = await as('deployer', 'POST', '/v1/transactions', {});
    expect([status, body.code]).toEqual([403, 'forbidden']);
  });

  it('has its id for its principal alone: nobody takes somebody else’s', async () => {
    await create('queues/shop-ids', 'queues/rival-ids');
    const once = (name: string) =>
      as(name, 'POST', '/v1/transactions', { transactionId: 'order-1', publishes: publish(`${name}-ids`) });
    expect((await once('rival')).body.duplicate).toBeUndefined();
    const first = await once('shop');
    expect(first.body.duplicate).toBeUndefined();
    expect((await once('shop')).body).toEqual({ ...first.body, duplicate: true });
    expect([await messagesIn('shop-ids'), await messagesIn('rival-ids')]).toEqual([1, 1]);
  });
});

describe('a subscription', () => {
  it('can be made and used by whoever has rights on it alone', async () => {
    await create('topics/events');
    const path = '/v1/topics/events/subscriptions';
    expect((await as('billing', 'PUT', `${path}/billing-own`)).status).toBeLessThan(300);
    expect((await as('billing', 'PUT', `${path}/other`)).status).toBe(403);
    expect((await as('billing', 'POST', `${path}/billing-own/messages/receive`)).status).toBe(200);
    expect((await as('billing', 'GET', '/v1/topics/events/messages')).status).toBe(403);
    expect((await as('billing', 'DELETE', `${path}/billing-own`)).status).toBe(204);
  });
});
