/** Receives with an attemptId: repeating one gives the same messages, anywhere, until their lease is over. */
import { describe, expect, it } from 'vitest';
import { ack, jobs, publish, receive, settle, staying } from '../../../support/engine-fixture.ts';
import { cluster, one, two, useTwoEngines } from '../../../support/two-engines.ts';

useTwoEngines();

const attempt = { attemptId: 'try' };

describe('a receive with an attemptId', () => {
  it('gives the same messages, receipts and tokens when repeated at any gateway, whatever else it says', async () => {
    await publish(one.broker, 'a', 'b', 'c');
    const first = await receive(one.broker, { ...attempt, max: 2 });
    expect(first).toHaveLength(2);
    for (const { broker } of [two, one, await cluster.start()]) {
      expect(await receive(broker, { ...attempt, max: 10, leaseSeconds: 5, waitSeconds: 1 })).toEqual(first);
    }
    expect(await receive(two.broker, { max: 10 })).toHaveLength(1);
  });

  it('is a new one once the lease is over, or all of its messages are settled', async () => {
    await publish(one.broker, 'a', 'b');
    const [a] = await receive(one.broker, attempt);
    await ack(two.broker, a?.receipt ?? '');
    const [b] = await receive(two.broker, attempt);
    expect(b?.body.toString()).toBe('b');
    cluster.advance(30_001);
    const [again] = await receive(one.broker, attempt);
    expect(again).toMatchObject({ id: b?.id, deliveries: 2 });
    expect(again?.receipt).not.toBe(b?.receipt);
  });

  it('repeats those messages only that it still holds, to the end to which their lease was extended', async () => {
    await publish(one.broker, 'a', 'b', 'c');
    const [a, b, c] = await receive(one.broker, { ...attempt, max: 3 });
    await ack(two.broker, a?.receipt ?? '');
    await settle(two.broker, { kind: 'nack', delaySeconds: 0 }, b?.receipt ?? '');
    await settle(two.broker, { kind: 'extend', leaseSeconds: 300 }, c?.receipt ?? '');
    cluster.advance(200_000);
    const repeated = await receive(one.broker, { ...attempt, max: 3 });
    expect(repeated.map(({ receipt }) => receipt)).toEqual([c?.receipt]);
    expect((repeated[0]?.leaseExpiresAtMs ?? 0) > (c?.leaseExpiresAtMs ?? 0)).toBe(true);
  });

  it('made at two gateways at the same moment leases once', async () => {
    await publish(one.broker, 'a', 'b', 'c', 'd');
    const [here, there] = await Promise.all([
      receive(one.broker, { ...attempt, max: 2 }),
      receive(two.broker, { ...attempt, max: 2 }),
    ]);
    expect(here).toEqual(there);
    expect(await receive(one.broker, { max: 10 })).toHaveLength(2);
  });

  it('made twice at one gateway at the same moment leases once, also when others get nothing', async () => {
    await publish(one.broker, 'a');
    const [first, second, other] = await Promise.all([
      receive(one.broker, attempt),
      receive(one.broker, attempt),
      receive(one.broker),
    ]);
    expect(first).toHaveLength(1);
    expect(second).toEqual(first);
    expect(other).toEqual([]);
  });

  it('made twice while both wait, among others that wait, gives both the same message at once', {
    timeout: 10_000,
  }, async () => {
    const waiting = { waitSeconds: 20 };
    const both = Promise.all([
      receive(one.broker, { ...attempt, ...waiting }),
      receive(one.broker, { ...attempt, ...waiting }),
    ]);
    const other = receive(one.broker, waiting);
    await publish(two.broker, 'a');
    const [first, second] = await both;
    expect(first).toHaveLength(1);
    expect(second).toEqual(first);
    one.broker.drain();
    expect(await other).toEqual([]);
  });

  it('is forgotten by a purge', async () => {
    await publish(one.broker, 'a');
    await receive(one.broker, attempt);
    await two.broker.purge(jobs, staying());
    await publish(one.broker, 'b');
    expect((await receive(one.broker, attempt)).map(({ body }) => body.toString())).toEqual(['b']);
  });

  it('waits as any other when all that it was for is done', async () => {
    await publish(one.broker, 'a');
    const [first] = await receive(one.broker, attempt);
    await ack(one.broker, first?.receipt ?? '');
    const { reads } = one.store.counters;
    expect(await receive(one.broker, { ...attempt, waitSeconds: 0.5 })).toEqual([]);
    // It is watched for, not asked for again and again.
    expect(one.store.counters.reads - reads).toBeLessThan(50);
  });

  it('keeps many attempts apart', async () => {
    const texts = Array.from({ length: 200 }, (_, index) => `${index}`);
    await publish(one.broker, ...texts);
    const take = (index: number) =>
      receive((index % 2 === 0 ? one : two).broker, { attemptId: `attempt ${index}` });
    const first = await Promise.all(texts.map((_, index) => take(index)));
    expect(new Set(first.flat().map(({ id }) => id)).size).toBe(200);
    const again = await Promise.all(texts.map((_, index) => take(index + (index % 3))));
    expect(again[0]).toEqual(first[0]);
    expect(again[1]).toEqual(first[2]);
  });
});
