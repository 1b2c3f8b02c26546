/** One queue at one and at two gateways: publishing, receiving, settling, as every gateway sees it. */
import { describe, expect, it } from 'vitest';
import {
  ack,
  createQueue,
  drained,
  type Engine,
  jobs,
  plainQueue,
  publish,
  receive,
  settle,
  staying,
  textMessage,
} from '../../../support/engine-fixture.ts';
import { cluster, one, two, useTwoEngines } from '../../../support/two-engines.ts';

useTwoEngines();

describe('a message', () => {
  it('that one gateway has stored is received at another, once, and is gone when acked at the first', async () => {
    const [published] = await publish(one.broker, 'a');
    const [received] = await receive(two.broker);
    expect(received).toMatchObject({ id: published?.id, deliveries: 1, contentType: 'text/plain' });
    expect(received?.body.toString()).toBe('a');
    expect(await receive(one.broker)).toEqual([]);
    expect(await ack(one.broker, received?.receipt ?? '')).toEqual(['ok']);
    cluster.advance(60_000);
    expect(await receive(two.broker)).toEqual([]);
  });

  it('whose lease has run out is given to the next, with its deliveries counted and a higher token', async () => {
    await publish(one.broker, 'a');
    const [first] = await receive(one.broker);
    expect(await receive(two.broker)).toEqual([]);
    cluster.advance(30_001);
    const [second] = await receive(two.broker);
    expect(second).toMatchObject({ id: first?.id, deliveries: 2 });
    expect(BigInt(second?.fencingToken ?? 0) > BigInt(first?.fencingToken ?? 0)).toBe(true);
    expect(await ack(one.broker, first?.receipt ?? '')).toEqual(['lost']);
    expect(await ack(one.broker, second?.receipt ?? '')).toEqual(['ok']);
  });

  it('can be acked late at any gateway as long as nobody else has got it', async () => {
    await publish(one.broker, 'a');
    const [late] = await receive(one.broker);
    cluster.advance(3_600_000);
    expect(await ack(two.broker, late?.receipt ?? '')).toEqual(['ok']);
    expect(await receive(one.broker)).toEqual([]);
  });

  it('is kept by extending, at any gateway, and its receipt stays valid', async () => {
    await publish(one.broker, 'a');
    const [held] = await receive(one.broker);
    cluster.advance(20_000);
    expect(await settle(two.broker, { kind: 'extend', leaseSeconds: 100 }, held?.receipt ?? '')).toEqual([
      'ok',
    ]);
    cluster.advance(90_000);
    expect(await receive(one.broker)).toEqual([]);
    expect(await ack(one.broker, held?.receipt ?? '')).toEqual(['ok']);
  });

  it('that is given back is received again at once, or not before its delay is over', async () => {
    await publish(one.broker, 'a');
    const [first] = await receive(one.broker);
    expect(await settle(two.broker, { kind: 'nack', delaySeconds: 0 }, first?.receipt ?? '')).toEqual(['ok']);
    const [second] = await receive(one.broker);
    expect(second?.deliveries).toBe(2);
    expect(await settle(two.broker, { kind: 'nack', delaySeconds: 10 }, second?.receipt ?? '')).toEqual([
      'ok',
    ]);
    expect(await receive(one.broker)).toEqual([]);
    cluster.advance(10_001);
    expect(await receive(two.broker)).toMatchObject([{ deliveries: 3 }]);
  });

  it('that is released for a client that has gone away does not count the delivery', async () => {
    await publish(one.broker, 'a');
    const [first] = await receive(one.broker);
    await two.broker.release(jobs, [first?.receipt ?? '']);
    expect(await receive(one.broker)).toMatchObject([{ deliveries: 1 }]);
  });

  it('that was taken with autoAck is never delivered again', async () => {
    await publish(one.broker, 'a', 'b');
    expect(await receive(one.broker, { autoAck: true, max: 1 })).toHaveLength(1);
    cluster.advance(3_600_000);
    expect(await drained(two.broker)).toEqual(['b']);
  });

  it('is settled once: acking twice is ok, and whatever comes after its end else is lost', async () => {
    await publish(one.broker, 'a', 'b');
    const [a, b] = (await receive(one.broker, { max: 2 })).map(({ receipt }) => receipt);
    expect(await ack(one.broker, a ?? '', a ?? '')).toEqual(['ok', 'ok']);
    expect(await ack(two.broker, a ?? '')).toEqual(['ok']);
    const nack = { kind: 'nack', delaySeconds: 0 } as const;
    expect(await settle(two.broker, nack, a ?? '')).toEqual(['lost']);
    expect(await settle(two.broker, { kind: 'extend', leaseSeconds: 5 }, a ?? '')).toEqual(['lost']);
    expect(await settle(one.broker, nack, b ?? '', b ?? '')).toEqual(['ok', 'lost']);
    expect(await settle(two.broker, nack, b ?? '')).toEqual(['lost']);
    expect(await ack(two.broker, b ?? '')).toEqual(['lost']);
  });

  it('of another queue, or what was never a receipt, is invalid among receipts that are valid', async () => {
    await one.broker.put({ kind: 'queue', name: 'others' }, plainQueue, {}, staying());
    await publish(one.broker, 'a');
    await one.broker.publish({ kind: 'queue', name: 'others' }, [textMessage('x')], staying());
    const request = { max: 1, waitSeconds: 0, autoAck: false };
    const foreign = await one.broker.receive({ kind: 'queue', name: 'others' }, request, staying());
    const [own] = await receive(two.broker);
    const receipts = ['', foreign.messages[0]?.receipt ?? '', own?.receipt ?? '', 'nonsense'];
    expect(await ack(two.broker, ...receipts)).toEqual(['invalid', 'invalid', 'ok', 'invalid']);
    expect(await drained(one.broker)).toEqual([]);
  });

  it('is in the same order as it was published, over many entries and gateways', async () => {
    const texts = Array.from({ length: 60 }, (_, index) => `${index}`);
    for (const [index, text] of texts.entries())
      await publish(index % 2 === 0 ? one.broker : two.broker, text);
    expect(await drained(one.broker)).toEqual(texts);
  });
});

describe('a queue', () => {
  it('gives every message to exactly one of many consumers at two gateways that take and ack at once', async () => {
    const texts = Array.from({ length: 400 }, (_, index) => `${index}`);
    await publish(one.broker, ...texts);
    const taken: string[] = [];
    const consume = async ({ broker }: Engine) => {
      for (;;) {
        const messages = await receive(broker, { max: 7 });
        if (messages.length === 0) return;
        taken.push(...messages.map(({ body }) => body.toString()));
        const outcomes = await ack(broker, ...messages.map(({ receipt }) => receipt));
        expect(new Set(outcomes)).toEqual(new Set(['ok']));
      }
    };
    await Promise.all([one, two, one, two, one, two].map(consume));
    expect(taken.sort()).toEqual(texts.sort());
  });

  it('takes publishes at two gateways at once, and stores each of them once', async () => {
    const texts = Array.from({ length: 300 }, (_, index) => `${index}`);
    await Promise.all(texts.map((text, index) => publish(index % 2 === 0 ? one.broker : two.broker, text)));
    expect((await drained(two.broker)).sort()).toEqual(texts.sort());
  });

  it('is not found by its name once deleted, at any gateway, and holds nothing when made again', async () => {
    await publish(one.broker, 'a');
    const [held] = await receive(two.broker);
    await two.broker.delete(jobs, {}, staying());
    await expect(publish(one.broker, 'b')).rejects.toMatchObject({ code: 'not-found' });
    await expect(receive(one.broker)).rejects.toMatchObject({ code: 'not-found' });
    await expect(ack(two.broker, held?.receipt ?? '')).rejects.toMatchObject({ code: 'not-found' });
    await createQueue(two.broker);
    expect(await drained(one.broker)).toEqual([]);
    expect(await ack(one.broker, held?.receipt ?? '')).toEqual(['invalid']);
    await publish(one.broker, 'c');
    expect(await drained(two.broker)).toEqual(['c']);
  });
});
