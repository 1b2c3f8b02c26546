/** Queues, topics and subscriptions that come and go leave nothing behind: neither in the tree nor in a gateway. */
import { queryObjects } from 'node:v8';
import { expect, it } from 'vitest';
import { Subscription } from '../../../../src/queue/cursor/subscription.ts';
import { OpenTopic } from '../../../../src/queue/topics/open-topic.ts';
import { EngineCluster, plainQueue, staying, textMessage } from '../../../support/engine-fixture.ts';
import { waitUntil } from '../../../support/wait-until.ts';

/** Of some that are still on their way out. */
const FEW = 10;
const topicConfig = { delaySeconds: 0, priorities: 1, dedupWindowSeconds: 300 };
const subscriptionConfig = { leaseSeconds: 30, ordering: 'none', startFrom: 'latest' } as const;
const request = { max: 10, waitSeconds: 0, autoAck: false };
const limit = { timeout: 180_000 };

const isOfSegments = (watched: string) => /^children .*\/log\/\d+\//.test(watched);
const codeOf = ({ code }: { code: string }) => code;

/** How many there are in this process that something still refers to. */
const kept = (kind: typeof OpenTopic | typeof Subscription) => queryObjects(kind, { format: 'count' });

async function inCluster(work: (cluster: EngineCluster) => Promise<void>) {
  const cluster = new EngineCluster();
  try {
    await work(cluster);
  } finally {
    await cluster.close();
  }
}

/** Does it so many times, some at once. */
async function times(count: number, atOnce: number, act: (number: number) => Promise<void>) {
  let next = 0;
  const work = async () => {
    while (next < count) {
      next += 1;
      await act(next);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

/** Waits until the gateways have removed what was deleted. */
const removed = ({ ensemble }: EngineCluster) =>
  waitUntil(() => ensemble.children('/trash')?.length === 0, 'what was deleted is removed');

it('ten thousand queues, created and deleted', limit, () =>
  inCluster(async (cluster) => {
    const { broker } = await cluster.start();
    const before = cluster.ensemble.paths;
    await times(10_000, 20, async (number) => {
      const ref = { kind: 'queue', name: `queue-${number % 700}` } as const;
      await broker.put(ref, plainQueue, {}, staying());
      await broker.delete(ref, {}, staying());
    });
    await removed(cluster);
    expect(cluster.ensemble.paths).toEqual(before);
    expect(kept(OpenTopic)).toBeLessThan(FEW);
    expect(cluster.ensemble.watched.length).toBeLessThan(FEW);
  }),
);

it('queues that were used, and waited at, at two gateways and deleted at one of them', limit, () =>
  inCluster(async (cluster) => {
    const gateways = [await cluster.start(), await cluster.start()] as const;
    const [{ broker: one }, { broker: other }] = gateways;
    const before = cluster.ensemble.paths;
    const watched = cluster.ensemble.watched.length;
    await times(100, 10, async (number) => {
      const ref = { kind: 'queue', name: `queue-${number}` } as const;
      await one.put(ref, { ...plainQueue, priorities: 3 }, {}, staying());
      const isScheduled = number % 3 === 0;
      const messages = [
        textMessage('a'),
        textMessage('b', { dedupId: 'd' }),
        ...(isScheduled ? [textMessage('c', { delaySeconds: 60 })] : []),
      ];
      if (number % 4 !== 0) {
        await other.publish(ref, messages, staying());
        await one.receive(ref, request, staying());
        await other.receive(ref, { ...request, attemptId: 'try' }, staying());
      }
      // Of some the gateway that does not delete them would never hear again.
      const waiters = number % 5 === 0 ? [] : [one, other];
      const waiting = waiters.map((broker) =>
        broker.receive(ref, { ...request, waitSeconds: 60 }, staying()).catch(codeOf),
      );
      if (waiters.length > 0)
        await waitUntil(() => cluster.ensemble.watched.some(isOfSegments), 'somebody waits');
      await (number % 2 === 0 ? one : other).delete(ref, {}, staying());
      expect(await Promise.all(waiting)).toEqual(waiters.map(() => 'not-found'));
    });
    await removed(cluster);
    expect(cluster.ensemble.paths).toEqual(before);
    await waitUntil(() => kept(OpenTopic) < FEW && kept(Subscription) < FEW, 'no gateway keeps any of them');
    expect(cluster.ensemble.watched.length).toBeLessThan(watched + FEW);
  }),
);

it('subscriptions that came and went, and names that never were one', limit, () =>
  inCluster(async (cluster) => {
    const [{ broker: one }, { broker: other }] = [await cluster.start(), await cluster.start()];
    const news = { kind: 'topic', name: 'news' } as const;
    await one.put(news, topicConfig, {}, staying());
    const watched = cluster.ensemble.watched.length;
    await times(200, 1, async (number) => {
      const name = `subscription-${number}`;
      const source = { ...news, subscription: name };
      const ref = { kind: 'subscription', topic: 'news', name } as const;
      // Not by `rejects`: what vitest keeps of an error holds all that was on the stack.
      expect(await other.receive(source, request, staying()).catch(codeOf)).toBe('not-found');
      await one.put(ref, subscriptionConfig, {}, staying());
      await other.publish(news, [textMessage('a')], staying());
      for (const broker of number % 2 === 0 ? [one, other] : [other, one]) {
        expect(
          (await broker.receive(source, { ...request, autoAck: true }, staying())).messages,
        ).toHaveLength(broker === (number % 2 === 0 ? one : other) ? 1 : 0);
      }
      await one.delete(ref, {}, staying());
    });
    await waitUntil(() => kept(Subscription) < FEW, 'no gateway keeps any of them');
    await removed(cluster);
    const left = cluster.ensemble.paths.filter((path) => /cursors\/|subscriptions\/|trash\//.test(path));
    expect(left).toEqual([]);
    expect(cluster.ensemble.watched.length).toBeLessThan(watched + FEW);
  }),
);
