/** What somebody else may do to a queue, or a topic, while another request is under way there. */

import { createQueue, jobs, publish, receive, staying, textMessage } from './engine-fixture.ts';
import type { Rival } from './scenarios.ts';

export const queueRivals: readonly Rival[] = [
  { name: 'somebody publishes', act: (broker) => publish(broker, 'rival') },
  {
    name: 'somebody publishes so much that segments are sealed',
    async act(broker) {
      for (const text of ['r1', 'r2', 'r3', 'r4']) await publish(broker, text);
    },
  },
  { name: 'somebody receives', act: (broker) => receive(broker) },
  { name: 'somebody takes all there is', act: (broker) => receive(broker, { max: 100, autoAck: true }) },
  {
    name: 'somebody changes the configuration',
    act: (broker) => broker.update(jobs, (current) => ({ ...current, leaseSeconds: 31 }), {}, staying()),
  },
  { name: 'somebody purges', act: (broker) => broker.purge(jobs, staying()) },
  { name: 'somebody deletes the queue', act: (broker) => broker.delete(jobs, {}, staying()) },
  {
    name: 'somebody deletes the queue and makes it anew',
    act: (broker) => broker.delete(jobs, {}, staying()),
    async thereafter(broker) {
      await createQueue(broker);
      await publish(broker, 'of the new one');
    },
  },
];

/** A subscription of a topic. */
export const news = { kind: 'topic', name: 'news', subscription: 'reader' } as const;

const topic = { kind: 'topic', name: 'news' } as const;
const reader = { kind: 'subscription', topic: 'news', name: 'reader' } as const;
const readerConfig = { leaseSeconds: 30, ordering: 'none', startFrom: 'earliest' } as const;

export const topicRivals: readonly Rival[] = [
  { name: 'somebody publishes', act: (broker) => broker.publish(topic, [textMessage('rival')], staying()) },
  {
    name: 'somebody takes all there is',
    act: (broker) => broker.receive(news, { max: 100, waitSeconds: 0, autoAck: true }, staying()),
  },
  {
    name: 'somebody changes the topic',
    act: (broker) => broker.update(topic, (current) => ({ ...current, maxMessages: 99 }), {}, staying()),
  },
  {
    name: 'somebody changes the subscription',
    act: (broker) => broker.update(reader, (current) => ({ ...current, leaseSeconds: 31 }), {}, staying()),
  },
  { name: 'somebody seeks', act: (broker) => broker.seek(news, { kind: 'earliest' }, staying()) },
  { name: 'somebody deletes the subscription', act: (broker) => broker.delete(reader, {}, staying()) },
  {
    name: 'somebody deletes the subscription and makes it anew',
    act: (broker) => broker.delete(reader, {}, staying()),
    thereafter: (broker) => broker.put(reader, readerConfig, {}, staying()),
  },
  {
    name: 'somebody creates the subscription',
    act: (broker) => broker.put(reader, readerConfig, {}, staying()),
  },
  { name: 'somebody deletes the topic', act: (broker) => broker.delete(topic, {}, staying()) },
];
