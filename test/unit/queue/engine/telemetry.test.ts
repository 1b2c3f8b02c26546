/** What an engine shows of itself: looking is cheap, and changes nothing. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SubscriptionConfig, TopicConfig } from '../../../../src/queue/index.ts';
import {
  createQueue,
  type Engine,
  EngineCluster,
  jobs,
  publish,
  receive,
  staying,
  textMessage,
} from '../../../support/engine-fixture.ts';

const topic = { kind: 'topic', name: 't' } as const;
const plainTopic: TopicConfig = { delaySeconds: 0, priorities: 1, dedupWindowSeconds: 300 };
const plainSubscription: SubscriptionConfig = { leaseSeconds: 30, ordering: 'none', startFrom: 'latest' };
const subscriptionRef = (subscription: string) => ({ ...topic, subscription });

let cluster: EngineCluster;
let engine: Engine;

beforeEach(async () => {
  cluster = new EngineCluster();
  engine = await cluster.start();
  await createQueue(engine.broker);
});
afterEach(() => cluster.close());

async function createTopic(...subscriptions: [string, Partial<SubscriptionConfig>?][]): Promise<void> {
  await engine.broker.put(topic, plainTopic, {}, staying());
  for (const [name, config] of subscriptions) {
    const ref = { kind: 'subscription', topic: topic.name, name } as const;
    await engine.broker.put(ref, { ...plainSubscription, ...config }, {}, staying());
  }
}

describe('the depth of a queue', () => {
  it('is told to a gateway that only publishes, from a few reads and without a write', async () => {
    await publish(engine.broker, 'a', 'b', 'c');
    const { reads, writes } = engine.store.counters;
    expect(await engine.broker.telemetry.depth(jobs)).toMatchObject({ messages: 3, ready: 3, bytes: 3 });
    expect(engine.store.counters.writes).toBe(writes);
    expect(engine.store.counters.reads - reads).toBeLessThan(12);
  });

  it('tells what is leased and what waits for its time, and leaves what is due where it is', async () => {
    await publish(engine.broker, 'a', 'b');
    await engine.broker.publish(jobs, [textMessage('later', { delaySeconds: 60 })], staying());
    await receive(engine.broker);
    cluster.advance(61_000);
    const { writes } = engine.store.counters;
    expect(await engine.broker.telemetry.depth(jobs)).toMatchObject({ messages: 3, delayed: 1 });
    expect(engine.store.counters.writes).toBe(writes);
  });

  it('is not told once the queue is deleted, at whichever gateway', async () => {
    await publish(engine.broker, 'a');
    const other = await cluster.start();
    await other.broker.delete(jobs, {}, staying());
    expect(await engine.broker.telemetry.depth(jobs).catch(({ code }) => code)).toBeOneOf([
      undefined,
      'not-found',
    ]);
    expect(await engine.broker.telemetry.depth(jobs)).toBeUndefined();
    expect(await engine.broker.telemetry.depth({ kind: 'queue', name: 'never seen' })).toBeUndefined();
  });
});

describe('the depth of a subscription', () => {
  it('is told though nobody has ever consumed from it', async () => {
    await createTopic(['idle']);
    await engine.broker.publish(topic, [textMessage('a'), textMessage('b')], staying());
    expect(await engine.broker.telemetry.subscriptions('t')).toEqual([subscriptionRef('idle')]);
    expect(await engine.broker.telemetry.depth(subscriptionRef('idle'))).toMatchObject({ ready: 2 });
  });

  it('with a filter is not told, for it would cost a look at each message', async () => {
    await createTopic(['choosy', { filter: { kind: ['paid'] } }]);
    await engine.broker.publish(topic, [textMessage('a')], staying());
    expect(await engine.broker.telemetry.depth(subscriptionRef('choosy'))).toBeUndefined();
  });

  it('of a name that belongs to a queue is none', async () => {
    expect(await engine.broker.telemetry.subscriptions('jobs')).toEqual([]);
    expect(await engine.broker.telemetry.depth({ kind: 'topic', name: 'jobs', subscription: 's' })).toBe(
      undefined,
    );
  });
});

describe('what this gateway has done', () => {
  it('is counted for what exists alone: asking for what does not takes no name', async () => {
    await createTopic(['s']);
    const { broker } = engine;
    const request = { max: 1, waitSeconds: 0, autoAck: false };
    await expect(broker.receive(subscriptionRef('nowhere'), request, staying())).rejects.toMatchObject({
      code: 'not-found',
    });
    const nowhere = { kind: 'queue', name: 'nowhere' } as const;
    await expect(broker.publish(nowhere, [textMessage('a')], staying())).rejects.toMatchObject({
      code: 'not-found',
    });
    await broker.get(jobs, staying());
    expect([...broker.telemetry.counts.named()]).toEqual([]);
  });

  it('tells how much was written together', async () => {
    await publish(engine.broker, 'warm');
    const { appendRequests, appendMessages } = engine.broker.telemetry.counts;
    const [requests, messages] = [appendRequests.sum, appendMessages.sum];
    await Promise.all(Array.from({ length: 64 }, () => publish(engine.broker, 'a', 'b')));
    expect(appendRequests.sum - requests).toBe(64);
    expect(appendMessages.sum - messages).toBe(128);
    const writes = appendRequests.counts.reduce((sum, count) => sum + count, 0) - 1;
    expect(writes).toBeLessThan(10);
  });

  it('tells that two gateways got in each other’s way', async () => {
    const other = await cluster.start();
    await publish(engine.broker, ...Array.from({ length: 200 }, (_, index) => `${index}`));
    const consume = async ({ broker }: Engine) => {
      while ((await receive(broker, { autoAck: true })).length > 0);
    };
    await Promise.all([consume(engine), consume(other), consume(engine), consume(other)]);
    const conflictsAt = ({ broker }: Engine) => broker.telemetry.counts.of(jobs).conflicts;
    expect(conflictsAt(engine) + conflictsAt(other)).toBeGreaterThan(0);
    expect(conflictsAt(engine)).toBeLessThanOrEqual(engine.store.counters.conflicts);
  });
});
