/** Peeking, statistics, lists, browsing and streams, with each of its store calls in trouble. */
import type { Broker } from '../../../../src/queue/index.ts';
import { describeScenarios } from '../../../support/describe-scenarios.ts';
import {
  createQueue,
  jobs,
  publish,
  receive,
  staying,
  textMessage,
} from '../../../support/engine-fixture.ts';
import { queueRivals, topicRivals } from '../../../support/rivals.ts';
import { scenario } from '../../../support/scenarios.ts';

const topic = { kind: 'topic', name: 'news' } as const;
/** What is read from several segments is not read at one moment: none that writes to several of them at once. */
const rivals = queueRivals.filter(({ name }) => !/takes all|purges|anew/.test(name));
const newsRivals = topicRivals.filter(({ name }) => !/takes all|seeks|anew/.test(name));
const texts = (items: readonly { body: Buffer }[]) => items.map(({ body }) => body.toString());

async function queueInUse(broker: Broker) {
  await createQueue(broker);
  for (const text of ['a', 'b', 'c', 'd']) await publish(broker, text);
  await receive(broker);
}

async function topicInUse(broker: Broker): Promise<string | undefined> {
  await broker.put(topic, { delaySeconds: 0, priorities: 1, dedupWindowSeconds: 300 }, {}, staying());
  const reader = { leaseSeconds: 30, ordering: 'none', startFrom: 'latest' } as const;
  await broker.put({ kind: 'subscription', topic: 'news', name: 'reader' }, reader, {}, staying());
  const place = new AbortController();
  const stream = await broker.stream('news', undefined, { signal: place.signal });
  for (const text of ['a', 'b', 'c', 'd']) await broker.publish(topic, [textMessage(text)], staying());
  for await (const [first] of stream) {
    place.abort();
    return first?.kind === 'message' ? first.eventId : undefined;
  }
  return undefined;
}

describeScenarios([
  scenario({
    name: 'peeking',
    prepare: queueInUse,
    act: async (broker) => {
      const { items } = await broker.peek(jobs, { limit: 10 }, staying());
      return items.map(({ body, state, deliveries }) => [body.toString(), state, deliveries]);
    },
    rivals,
  }),
  scenario({
    name: 'reading statistics',
    prepare: queueInUse,
    act: async (broker) => {
      const { oldestMessageAgeSeconds: _, ...stats } = (await broker.get(jobs, staying())).stats;
      return stats;
    },
    rivals,
  }),
  scenario({
    name: 'listing queues',
    prepare: queueInUse,
    act: async (broker) => {
      const { items } = await broker.list('queue', { limit: 10 }, staying());
      return items.map(({ name, stats }) => [name, stats.messages]);
    },
    rivals,
  }),
  scenario({
    name: 'browsing',
    prepare: topicInUse,
    act: async (broker) => texts((await broker.browse('news', { limit: 10 }, staying())).items),
    rivals: newsRivals,
  }),
  scenario({
    name: 'listing subscriptions',
    prepare: topicInUse,
    act: async (broker) => {
      const { items } = await broker.list('subscription', { topic: 'news', limit: 10 }, staying());
      return items.map(({ name, stats }) => [name, stats.messages]);
    },
    rivals: newsRivals,
  }),
]);
