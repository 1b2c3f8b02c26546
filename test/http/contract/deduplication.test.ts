/** Deduplication by dedupId, for queues and topics alike, at two gateways. */
import { describe, expect, it } from 'vitest';
import { patient, SOURCES, useContract } from '../../support/contract-client.ts';
import { publishJson } from '../../support/raw-http.ts';

const contract = useContract();

describe.each(SOURCES)('a publish with the same dedupId to the place of a %s', (kind) => {
  it('stores nothing and returns the first one’s id with duplicate: true', async () => {
    const source = await contract.source(kind);
    const [first] = (await source.tryPublish({ body: 1, dedupId: 'd' }).expect(201)).body.messages;
    expect(first).toEqual({ id: expect.any(String) });
    const again = await source.tryPublish({ body: 2, dedupId: 'd' }).expect(201);
    expect(again.body.messages).toEqual([{ id: first.id, duplicate: true }]);
    expect(await source.drain()).toEqual([1]);
  });

  it('is a duplicate also after the first one was acked', async () => {
    const source = await contract.source(kind);
    const [id] = await source.publish({ body: 1, dedupId: 'd' });
    await source.outcome('ack', await source.receiveOne());
    const again = await source.tryPublish({ body: 2, dedupId: 'd' }).expect(201);
    expect(again.body.messages).toEqual([{ id, duplicate: true }]);
  });

  it('is a duplicate also within one request, next to others that are not', async () => {
    const source = await contract.source(kind);
    const { body } = await source
      .tryPublish(
        { body: 1, dedupId: 'a' },
        { body: 2, dedupId: 'b' },
        { body: 3, dedupId: 'a' },
        { body: 4 },
      )
      .expect(201);
    const [a, b, duplicate, free] = body.messages;
    expect(duplicate).toEqual({ id: a.id, duplicate: true });
    for (const stored of [a, b, free]) {
      expect(stored).toEqual({ id: expect.any(String) });
    }
    expect(await source.drain()).toEqual([1, 2, 4]);
  });

  it('is a duplicate also when both arrive at once at different replicas', { timeout: 60_000 }, async () => {
    const source = await contract.source(kind);
    const [here = '', there = ''] = contract.gateways.urls;
    for (let round = 0; round < 30; round += 1) {
      const json = `{"messages":[{"body":${round},"dedupId":"d${round}"}]}`;
      const answers = await Promise.all([
        publishJson(here, source.topicPath, json),
        publishJson(there, source.topicPath, json),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([201, 201]);
      const [one, other] = answers.map(({ text }) => JSON.parse(text).messages[0]);
      expect(one.id).toBe(other.id);
      expect([one, other].filter(({ duplicate }) => duplicate === true)).toHaveLength(1);
    }
    expect(await source.drain()).toEqual([...Array(30).keys()]);
  });

  it('is stored again once the window is over', async () => {
    const source = await contract.source(kind, { dedupWindowSeconds: 1 });
    const [first] = await source.publish({ body: 0, dedupId: 'd' });
    const again = async () =>
      (await source.tryPublish({ body: 1, dedupId: 'd' }).expect(201)).body.messages[0];
    await expect.poll(async () => (await again()).id, patient).not.toBe(first);
    expect(await source.drain()).toEqual([0, 1]);
  });
});

describe('a dedupId', () => {
  it('is of one queue only', async () => {
    const one = await contract.queue();
    const other = await contract.queue();
    await one.publish({ body: 1, dedupId: 'd' });
    const { body } = await other.tryPublish({ body: 2, dedupId: 'd' }).expect(201);
    expect(body.messages[0]).not.toHaveProperty('duplicate');
  });

  it('is not remembered when its request was refused', async () => {
    const queue = await contract.queue({ maxMessages: 1 });
    await queue.tryPublish({ body: 1, dedupId: 'd' }, { body: 2 }).expect(429);
    const { body } = await queue.tryPublish({ body: 3, dedupId: 'd' }).expect(201);
    expect(body.messages).toEqual([{ id: expect.any(String) }]);
    expect(await queue.drain()).toEqual([3]);
  });

  it('may be any text, told apart exactly', async () => {
    const queue = await contract.queue();
    const ids = ['a', 'A', 'a ', 'a/b', '..', 'é', 'e\u0301', '__proto__', '💥'];
    const { body } = await queue
      .tryPublish(...ids.map((dedupId, index) => ({ body: index, dedupId })))
      .expect(201);
    expect(body.messages.filter((message: object) => 'duplicate' in message)).toEqual([]);
    expect(await queue.drain()).toHaveLength(ids.length);
  });
});
