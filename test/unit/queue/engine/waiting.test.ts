/** Long polls: what wakes them, at every gateway, and what their end leaves behind. */
import { describe, expect, it } from 'vitest';
import { WATCH_AFTER_MS } from '../../../../src/queue/cursor/waiting/wake-ups.ts';
import type { ReceiveResult } from '../../../../src/queue/index.ts';
import type { Timers } from '../../../../src/queue/runtime/runtime.ts';
import { systemTimers } from '../../../../src/queue/runtime/system-runtime.ts';
import {
  drained,
  type Engine,
  jobs,
  plainQueue,
  publish,
  receive,
  settle,
  staying,
  textMessage,
  until,
} from '../../../support/engine-fixture.ts';
import { cluster, one, two, useTwoEngines } from '../../../support/two-engines.ts';

useTwoEngines();

const waiting = { waitSeconds: 20 };

const { leaseSeconds, ordering, ...plainTopic } = plainQueue;
const plainSubscription = { leaseSeconds, ordering, startFrom: 'latest' } as const;

/** The engine has nothing more to do: whoever waits there is parked with its watches set. */
async function settledDown(...engines: Engine[]): Promise<void> {
  let quiet = 0;
  let before = '';
  await until(() => {
    const now = JSON.stringify(engines.map(({ store }) => store.counters));
    quiet = now === before ? quiet + 1 : 0;
    before = now;
    return quiet > 20;
  }, 'the engines are quiet');
}

describe('a receive that waits', () => {
  it.each(['the same', 'another'])('is woken by a publish at %s gateway', async (where) => {
    const received = receive(one.broker, waiting);
    await settledDown(one);
    await publish((where === 'another' ? two : one).broker, 'a');
    expect(await received).toMatchObject([{ deliveries: 1 }]);
  });

  it.each(['the same', 'another'])('is woken by a message given back at %s gateway', async (where) => {
    await publish(one.broker, 'a');
    const [held] = await receive(two.broker);
    const received = receive(one.broker, waiting);
    await settledDown(one);
    const at = (where === 'another' ? two : one).broker;
    await settle(at, { kind: 'nack', delaySeconds: 0 }, held?.receipt ?? '');
    expect(await received).toMatchObject([{ deliveries: 2 }]);
  });

  it('gets a message whose lease ends while it waits, though nobody does anything', async () => {
    await publish(one.broker, 'a');
    await receive(two.broker, { leaseSeconds: 0.05 });
    expect(await receive(one.broker, waiting)).toMatchObject([{ deliveries: 2 }]);
  });

  it('gets a message whose delay ends while it waits', async () => {
    await publish(one.broker, 'a');
    const [held] = await receive(two.broker);
    await settle(two.broker, { kind: 'nack', delaySeconds: 0.05 }, held?.receipt ?? '');
    expect(await receive(one.broker, waiting)).toMatchObject([{ deliveries: 2 }]);
  });

  it('is woken in the segment after the one that it waited on', async () => {
    const received = receive(one.broker, waiting);
    await settledDown(one);
    // Filled, and so sealed, by others; all of it was taken by others as well.
    const texts = Array.from({ length: 1000 }, (_, index) => `${index}`);
    for (let entry = 0; entry < 5; entry += 1) await publish(two.broker, ...texts);
    expect(await received).toHaveLength(1);
    await drained(two.broker);
    const next = receive(one.broker, waiting);
    await settledDown(one, two);
    await publish(two.broker, 'next');
    expect((await next).map(({ body }) => body.toString())).toEqual(['next']);
  });

  it('is answered with nothing when its time is over', async () => {
    expect(await receive(one.broker, { waitSeconds: 0.02 })).toEqual([]);
  });

  it('is answered by the message, not by the end of its time, when it comes after a loss of the connection', async () => {
    const received = receive(one.broker, waiting);
    await settledDown(one);
    one.store.disconnect();
    await publish(two.broker, 'a');
    one.store.connect();
    expect(await received).toHaveLength(1);
  });

  it('goes on waiting over a new session, and is woken in it', async () => {
    const received = receive(one.broker, waiting);
    await settledDown(one);
    one.store.disconnect('dropped', 'lost');
    one.store.connect();
    await settledDown(one);
    await publish(two.broker, 'a');
    expect(await received).toHaveLength(1);
  });

  it('shares what comes: each of many waiting gets one message, at both gateways', async () => {
    const many = Array.from({ length: 20 }, (_, index) => receive((index % 2 ? one : two).broker, waiting));
    await settledDown(one, two);
    const texts = many.map((_, index) => `${index}`);
    await publish(one.broker, ...texts);
    const bodies = (await Promise.all(many)).flat().map(({ body }) => body.toString());
    expect(bodies.sort()).toEqual(texts.sort());
  });

  it('ends with nothing at once when the gateway drains, and later ones do not wait', async () => {
    const received = receive(one.broker, waiting);
    await settledDown(one);
    one.broker.drain();
    expect(await received).toEqual([]);
    expect(await receive(one.broker, waiting)).toEqual([]);
    expect(one.broker.ready).toBe(false);
  });

  it('is told that its queue is gone', async () => {
    const received = receive(one.broker, waiting);
    const outcome = expect(received).rejects.toMatchObject({ code: 'not-found' });
    await settledDown(one);
    await two.broker.delete(jobs, {}, staying());
    await outcome;
  });
});

describe('receives that wait at two subscriptions of one gateway', () => {
  it('both get what is published elsewhere, also the one that the other has read it for', async () => {
    const timers = new HeldTimers();
    const held = await cluster.start({ timers });
    const news = { kind: 'topic', name: 'news' } as const;
    await two.broker.put(news, plainTopic, {}, staying());
    const received = await Promise.all(
      ['first', 'second'].map(async (name) => {
        const subscription = { kind: 'subscription', topic: 'news', name } as const;
        await two.broker.put(subscription, plainSubscription, {}, staying());
        const request = { max: 1, waitSeconds: 20, autoAck: false };
        return { answer: held.broker.receive({ ...news, subscription: name }, request, staying()) };
      }),
    );
    // Both have found nothing, and are about to set their watches.
    await until(() => timers.held.length === 2, 'both are parked');
    await two.broker.publish(news, [textMessage('a')], staying());
    timers.fireOne();
    const answers = received.map(({ answer }) => answer);
    expect((await Promise.race(answers)).messages).toHaveLength(1);
    timers.fireOne();
    for (const { messages } of await Promise.all(answers)) expect(messages).toHaveLength(1);
  });
});

/**
 * The system's timers, but for those that watching begins with, which run out when they are told to, and long ones, which
 * never do: whoever gets a message has got it by a watch.
 */
class HeldTimers implements Timers {
  readonly held: (() => void)[] = [];

  monotonicMs(): number {
    return systemTimers.monotonicMs();
  }

  after(delayMs: number, callback: () => void): () => void {
    if (delayMs >= 1_000) return () => {};
    if (delayMs !== WATCH_AFTER_MS) return systemTimers.after(delayMs, callback);
    this.held.push(callback);
    return () => {
      const index = this.held.indexOf(callback);
      if (index >= 0) this.held.splice(index, 1);
    };
  }

  fireOne(): void {
    this.held.shift()?.();
  }
}

describe('a client that goes away while it waits', () => {
  it('takes nothing with it, at whatever moment it leaves', async () => {
    const request = { max: 1, waitSeconds: 20, autoAck: false };
    for (let moment = 0; moment < 30; moment += 1) {
      const client = new AbortController();
      const received = one.broker.receive(jobs, request, { signal: client.signal });
      const answer = received.catch((): ReceiveResult => ({ messages: [] }));
      if (moment % 3 === 0) await settledDown(one);
      const published = publish(two.broker, `${moment}`);
      for (let step = 0; step < moment; step += 1) await new Promise((resolve) => setImmediate(resolve));
      client.abort();
      const { messages } = await answer;
      await published;
      // Leased before the signal was seen: whoever asked for it gives it back.
      if (messages.length > 0)
        await one.broker.release(
          jobs,
          messages.map(({ receipt }) => receipt),
        );
      const next = await receive(two.broker, { waitSeconds: 5, autoAck: true });
      expect(next).toMatchObject([{ deliveries: 1 }]);
      expect(next[0]?.body.toString()).toBe(`${moment}`);
    }
  });
});
