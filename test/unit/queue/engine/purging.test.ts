/** Purging: what was stored before is gone for everybody, with its leases and receipts; what comes after stays. */
import { describe, expect, it } from 'vitest';
import type { CallOptions, Store, Write } from '../../../../src/queue/zookeeper/store.ts';
import {
  ack,
  drained,
  type Engine,
  jobs,
  publish,
  receive,
  settle,
  staying,
} from '../../../support/engine-fixture.ts';
import { cluster, one, two, useTwoEngines } from '../../../support/two-engines.ts';

useTwoEngines();

/** An engine that does something else first when a commit starts a subscription anew, once. */
async function startHesitating(meanwhile: () => Promise<void>): Promise<Engine> {
  let isFirst = true;
  return cluster.start({
    wrap: (store) =>
      new Proxy<Store>(store, {
        get(target, name) {
          const member = target[name as keyof Store];
          if (typeof member !== 'function') return member;
          if (name !== 'commit') return member.bind(target);
          return async (writes: readonly Write[], options?: CallOptions) => {
            const isRestart = writes.some(({ kind, path }) => kind === 'set' && /subscriptions/.test(path));
            if (isRestart && isFirst) {
              isFirst = false;
              await meanwhile();
            }
            return target.commit(writes, options);
          };
        },
      }),
  });
}

describe('a purge', () => {
  it.each([
    ['the first of all', []],
    ['one behind others', ['a', 'b']],
  ])('does not bring back what is published, received and acked while it goes on: %s', async (_, before) => {
    if (before.length > 0) await publish(one.broker, ...before);
    const third = await startHesitating(async () => {
      await publish(one.broker, 'late');
      const messages = await receive(two.broker, { max: 10 });
      const receipts = messages.map(({ receipt }) => receipt);
      expect(new Set(await ack(two.broker, ...receipts))).toEqual(new Set(['ok']));
    });
    await third.broker.purge(jobs, staying());
    expect(await drained(one.broker)).toEqual([]);
  });

  it('loses every older receipt at every gateway, of leases and of messages acked before', async () => {
    await publish(one.broker, 'a', 'b', 'c');
    const [a, b] = (await receive(two.broker, { max: 2 })).map(({ receipt }) => receipt);
    await ack(two.broker, a ?? '');
    await one.broker.purge(jobs, staying());
    for (const { broker } of [one, two]) {
      expect(await ack(broker, a ?? '', b ?? '')).toEqual(['lost', 'lost']);
      expect(await settle(broker, { kind: 'nack', delaySeconds: 0 }, b ?? '')).toEqual(['lost']);
    }
    cluster.advance(60_000);
    expect(await drained(two.broker)).toEqual([]);
    const { stats } = await two.broker.get(jobs, staying());
    expect(stats).toMatchObject({ messages: 0, bytes: 0, oldestMessageAgeSeconds: null });
  });

  it('keeps what is published after it, whose receipts are good', async () => {
    await publish(one.broker, 'a');
    await two.broker.purge(jobs, staying());
    await publish(one.broker, 'b');
    const [b] = await receive(two.broker);
    expect(b).toMatchObject({ deliveries: 1 });
    expect(await ack(one.broker, b?.receipt ?? '')).toEqual(['ok']);
  });

  it('may run at two gateways at once and again and again', async () => {
    for (let round = 0; round < 5; round += 1) {
      await publish(one.broker, `${round}`, 'x');
      await receive(two.broker);
      await Promise.all([one.broker.purge(jobs, staying()), two.broker.purge(jobs, staying())]);
      expect(await drained(round % 2 === 0 ? one.broker : two.broker)).toEqual([]);
    }
  });

  it('that runs among publishes and acks leaves each message either gone or deliverable, and never twice', async () => {
    const stored: string[] = [];
    const publisher = async () => {
      for (let index = 0; index < 60; index += 1) {
        await publish(two.broker, `${index}`);
        stored.push(`${index}`);
      }
    };
    const taken: string[] = [];
    const consumer = async () => {
      for (let round = 0; round < 40; round += 1) {
        const messages = await receive(one.broker, { max: 3 });
        const outcomes = await ack(two.broker, ...messages.map(({ receipt }) => receipt));
        for (const [index, outcome] of outcomes.entries())
          if (outcome === 'ok') taken.push(`${messages[index]?.body}`);
      }
    };
    const purger = async () => {
      for (let round = 0; round < 5; round += 1) {
        const before = [...stored];
        await two.broker.purge(jobs, staying());
        const { items } = await one.broker.peek(jobs, { limit: 1000 }, staying());
        expect(items.map(({ body }) => `${body}`).filter((text) => before.includes(text))).toEqual([]);
      }
    };
    await Promise.all([publisher(), consumer(), purger()]);
    expect(new Set(taken).size).toBe(taken.length);
    const left = await drained(one.broker);
    expect(left.filter((text) => taken.includes(text))).toEqual([]);
  });
});
