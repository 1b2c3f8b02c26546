/** The verbs beyond plain queues, each through two brokers on one ensemble. */
import { expect, it } from 'vitest';
import { createBroker } from '../../../../src/queue/broker.ts';
import { systemRandom, systemTimers } from '../../../../src/queue/runtime/system-runtime.ts';
import { MemoryEnsemble } from '../../../support/memory-ensemble.ts';
import { MemoryStore } from '../../../support/memory-store.ts';

const logger = { debug() {}, info() {}, warn: console.warn, error: console.error };
const qc = {
  leaseSeconds: 30,
  delaySeconds: 0,
  priorities: 1,
  dedupWindowSeconds: 300,
  ordering: 'none' as const,
};
const tc = { delaySeconds: 0, priorities: 1, dedupWindowSeconds: 300 };
const sc = { leaseSeconds: 30, ordering: 'none' as const, startFrom: 'latest' as const };
const call = () => ({ signal: new AbortController().signal });
const msg = (text: string, more: object = {}) => ({
  body: Buffer.from(text),
  bodyKind: 'text' as const,
  contentType: 'text/plain',
  attributes: {},
  priority: 0,
  ...more,
});
const make = async () => {
  const ensemble = new MemoryEnsemble();
  const mk = () => {
    const store = new MemoryStore(ensemble);
    return createBroker({
      store,
      timers: systemTimers,
      random: systemRandom,
      logger,
      requestTimeoutMs: 3000,
      entryCacheBytesMax: 1 << 26,
    });
  };
  const a = mk(),
    b = mk();
  await expect.poll(() => a.ready && b.ready).toBe(true);
  return { ensemble, a, b };
};
const q = (name: string) => ({ kind: 'queue' as const, name });
const rx = { max: 10, waitSeconds: 0, autoAck: false };
const texts = (r: { messages: readonly { body: Buffer }[] }) => r.messages.map((m) => m.body.toString());
it('a topic stores once, filters and seeks for each subscription, and streams to who listens', async () => {
  const { a, b } = await make();
  await a.put({ kind: 'topic', name: 't' }, tc, {}, call());
  const s1 = { kind: 'subscription' as const, topic: 't', name: 's1' };
  const r1 = { kind: 'topic' as const, name: 't', subscription: 's1' };
  await b.put(s1, sc, {}, call());
  await a.put({ ...s1, name: 's2' }, { ...sc, filter: { x: ['1'] } }, {}, call());
  await a.publish({ kind: 'topic', name: 't' }, [msg('one'), msg('two', { attributes: { x: '1' } })], call());
  expect(texts(await b.receive(r1, rx, call()))).toEqual(['one', 'two']);
  expect((await b.get({ ...s1, name: 's2' }, call())).stats).toMatchObject({ messages: 1, ready: 1 });
  expect(texts(await b.receive({ ...r1, subscription: 's2' }, rx, call()))).toEqual(['two']);
  await b.seek(r1, { kind: 'earliest' }, call());
  expect(texts(await a.receive(r1, rx, call()))).toEqual(['one', 'two']);
  expect((await a.browse('t', { limit: 10 }, call())).items.length).toBe(2);
  expect((await a.list('subscription', { limit: 10, topic: 't' }, call())).items.map((i) => i.name)).toEqual([
    's1',
    's2',
  ]);
  await b.delete(s1, {}, call());
  await expect(a.receive(r1, rx, call())).rejects.toThrow('no subscription');
  const abort = new AbortController();
  const events: unknown[] = [];
  const stream = await b.stream('t', undefined, { signal: abort.signal });
  const reading = (async () => {
    for await (const batch of stream) events.push(...batch);
  })();
  await a.publish({ kind: 'topic', name: 't' }, [msg('three')], call());
  await expect.poll(() => events.length).toBe(1);
  abort.abort();
  await reading;
  await a.delete({ kind: 'topic', name: 't' }, {}, call());
});
it('scheduled messages come when they are due, in that order, and a purge takes them too', async () => {
  const { a, b, ensemble } = await make();
  await a.put(q('q'), qc, {}, call());
  await a.publish(
    q('q'),
    [
      msg('later', { delaySeconds: 3 }),
      msg('now'),
      msg('sooner', { delaySeconds: 2 }),
      msg('far', { delaySeconds: 3600 }),
    ],
    call(),
  );
  expect((await b.get(q('q'), call())).stats).toMatchObject({ messages: 4, ready: 1, delayed: 3 });
  expect(
    (await b.peek(q('q'), { limit: 10 }, call())).items.map((i) => [i.body.toString(), i.state]),
  ).toEqual([
    ['now', 'ready'],
    ['sooner', 'delayed'],
    ['later', 'delayed'],
    ['far', 'delayed'],
  ]);
  expect(texts(await b.receive(q('q'), rx, call()))).toEqual(['now']);
  expect(texts(await b.receive(q('q'), { ...rx, waitSeconds: 5 }, call()))).toEqual(['sooner']);
  expect(texts(await b.receive(q('q'), { ...rx, waitSeconds: 5 }, call()))).toEqual(['later']);
  expect((await b.get(q('q'), call())).stats).toMatchObject({ messages: 4, leased: 3, delayed: 1 });
  await a.purge(q('q'), call());
  expect((await b.get(q('q'), call())).stats).toMatchObject({ messages: 0 });
  await a.publish(q('q'), [msg('far', { delaySeconds: 3600 })], call());
  expect((await b.get(q('q'), call())).stats).toMatchObject({ messages: 1, delayed: 1 });
  expect(ensemble.paths.filter((p) => p.includes('scheduled'))).toHaveLength(5);
});
it('a message goes to the dead letters when its last lease ends, and comes back by redrive', async () => {
  const { a, b } = await make();
  await a.put(q('dlq'), qc, {}, call());
  await a.put(q('q'), { ...qc, maxDeliveries: 2, deadLetterQueue: 'dlq', leaseSeconds: 0.2 }, {}, call());
  await expect(a.delete(q('dlq'), {}, call())).rejects.toThrow('dead-letter');
  const [{ id }] = (await a.publish(q('q'), [msg('x')], call())) as [{ id: string }];
  const first = await a.receive(q('q'), rx, call());
  expect(first.messages).toHaveLength(1);
  const second = await b.receive(q('q'), { ...rx, waitSeconds: 2 }, call());
  expect(second.messages[0]?.deliveries).toBe(2);
  const dead = await a.receive(q('dlq'), { ...rx, waitSeconds: 5 }, call());
  expect(dead.messages[0]).toMatchObject({
    id,
    deliveries: 1,
    deadLetter: { reason: 'max-deliveries', deliveries: 2, source: { kind: 'queue', name: 'q' } },
  });
  expect(await a.settle(q('q'), { kind: 'ack' }, [second.messages[0]?.receipt ?? ''], call())).toMatchObject([
    { outcome: 'lost' },
  ]);
  expect((await b.get(q('q'), call())).stats.messages).toBe(0);
  await a.settle(q('dlq'), { kind: 'nack', delaySeconds: 0 }, [dead.messages[0]?.receipt ?? ''], call());
  expect(await b.redrive('dlq', {}, call())).toBe(1);
  expect((await b.get(q('dlq'), call())).stats.messages).toBe(0);
  const back = await a.receive(q('q'), rx, call());
  expect(back.messages[0]).toMatchObject({ id, deliveries: 1 });
  expect(back.messages[0]?.deadLetter).toBeUndefined();
  expect(
    await a.settle(q('q'), { kind: 'reject', reason: 'bad' }, [back.messages[0]?.receipt ?? ''], call()),
  ).toMatchObject([{ outcome: 'ok' }]);
  expect((await b.peek(q('dlq'), { limit: 5 }, call())).items[0]).toMatchObject({
    id,
    deadLetter: { reason: 'rejected', detail: 'bad' },
  });
});
it('a group with something in flight is passed over, and comes back in order', async () => {
  const { a, b } = await make();
  await a.put(q('q'), { ...qc, ordering: 'group' }, {}, call());
  await a.publish(
    q('q'),
    ['a1', 'a2', 'b1', 'a3', 'b2'].map((t) => msg(t, { group: t[0] })),
    call(),
  );
  const one = await a.receive(q('q'), { ...rx, max: 1 }, call());
  expect(texts(one)).toEqual(['a1']);
  expect(texts(await b.receive(q('q'), { ...rx, max: 1 }, call()))).toEqual(['b1']);
  expect(texts(await b.receive(q('q'), rx, call()))).toEqual([]);
  expect((await b.get(q('q'), call())).stats).toMatchObject({ messages: 5, ready: 3, leased: 2 });
  await a.settle(q('q'), { kind: 'nack', delaySeconds: 0 }, [one.messages[0]?.receipt ?? ''], call());
  expect(texts(await b.receive(q('q'), rx, call()))).toEqual(['a1', 'a2', 'a3']);
});
it('a dedupId stores once at two gateways, and a transaction acks and publishes in one step', async () => {
  const { a, b } = await make();
  await a.put(q('a'), qc, {}, call());
  await a.put(q('b'), qc, {}, call());
  const [x, y] = await Promise.all([
    a.publish(q('a'), [msg('1', { dedupId: 'd' })], call()),
    b.publish(q('a'), [msg('1', { dedupId: 'd' })], call()),
  ]);
  expect(x[0]?.id).toBe(y[0]?.id);
  expect(
    await a.publish(q('a'), [msg('2', { dedupId: 'e' }), msg('3', { dedupId: 'e' })], call()),
  ).toMatchObject([{}, { duplicate: true }]);
  const got = await b.receive(q('a'), rx, call());
  expect(got.messages).toHaveLength(2);
  const receipts = got.messages.map((m) => m.receipt);
  const request = {
    transactionId: 'tx',
    acks: [{ source: q('a'), receipts }],
    publishes: [{ target: q('b'), messages: [msg('out')] }],
  };
  const done = await a.transact(request, call());
  expect(await b.transact(request, call())).toEqual({ ...done, duplicate: true });
  await expect(b.transact({ ...request, transactionId: 'other' }, call())).rejects.toThrow('acked');
  expect(texts(await b.receive(q('b'), rx, call()))).toEqual(['out']);
  expect((await b.get(q('a'), call())).stats.messages).toBe(0);
});
it('limits refuse, priorities go first, and what has expired is gone', async () => {
  const { a, b } = await make();
  await a.put(q('l'), { ...qc, maxMessages: 2 }, {}, call());
  await a.publish(q('l'), [msg('1')], call());
  await b.publish(q('l'), [msg('2')], call());
  await expect(a.publish(q('l'), [msg('3')], call())).rejects.toThrow('maxMessages');
  await a.receive(q('l'), { ...rx, autoAck: true }, call());
  await a.publish(q('l'), [msg('3')], call());
  await a.put(q('p'), { ...qc, priorities: 3 }, {}, call());
  await a.publish(q('p'), [msg('low'), msg('high', { priority: 2 }), msg('mid', { priority: 1 })], call());
  expect((await b.get(q('p'), call())).stats.messages).toBe(3);
  expect(texts(await b.receive(q('p'), rx, call()))).toEqual(['high', 'mid', 'low']);
  await a.put(q('e'), qc, {}, call());
  await a.publish(q('e'), [msg('gone', { expiresInSeconds: 0.05 }), msg('stays')], call());
  await expect.poll(async () => (await b.peek(q('e'), { limit: 5 }, call())).items.length).toBe(1);
  expect(texts(await b.receive(q('e'), rx, call()))).toEqual(['stays']);
});
