/** Creating, changing and deleting queues, topics and subscriptions, with each of its store calls in trouble. */
import type { Broker, ResourceRef, SubscriptionConfig, TopicConfig } from '../../../../src/queue/index.ts';
import { describeScenarios } from '../../../support/describe-scenarios.ts';
import {
  createQueue,
  jobs,
  plainQueue,
  publish,
  staying,
  textMessage,
} from '../../../support/engine-fixture.ts';
import { queueRivals, topicRivals } from '../../../support/rivals.ts';
import { type Rival, scenario } from '../../../support/scenarios.ts';

const topic = { kind: 'topic', name: 'news' } as const;
const reader = { kind: 'subscription', topic: 'news', name: 'reader' } as const;
const topicConfig: TopicConfig = { delaySeconds: 0, priorities: 1, dedupWindowSeconds: 300 };
const subscriptionConfig: SubscriptionConfig = { leaseSeconds: 30, ordering: 'none', startFrom: 'latest' };

async function nothing() {}

async function queueInUse(broker: Broker) {
  await createQueue(broker);
  await publish(broker, 'a', 'b');
  await broker.receive(jobs, { max: 1, waitSeconds: 0, autoAck: false }, staying());
}

async function topicInUse(broker: Broker) {
  await broker.put(topic, topicConfig, {}, staying());
  await broker.put(reader, { ...subscriptionConfig }, {}, staying());
  await broker.publish(topic, [textMessage('a'), textMessage('b')], staying());
}

async function withDeadLetterQueues(broker: Broker) {
  for (const name of ['dead', 'deader']) await broker.put({ kind: 'queue', name }, plainQueue, {}, staying());
}

const putting = (broker: Broker, ref: ResourceRef, config: object) =>
  broker.put(ref, config as never, {}, staying()).then(({ created }) => created);

/** The answer shows the configuration as it is by then: that may be another one already. */
const changing = (change: Promise<unknown>) => change.then(() => 'changed');

const creators: readonly Rival[] = [
  { name: 'somebody creates it', act: (broker) => createQueue(broker) },
  { name: 'somebody creates it in another way', act: (broker) => createQueue(broker, { leaseSeconds: 9 }) },
  {
    name: 'somebody creates a topic of its name',
    act: (broker) => broker.put({ kind: 'topic', name: 'jobs' }, topicConfig, {}, staying()),
  },
];

const deadLetterRivals: readonly Rival[] = [
  ...queueRivals,
  {
    name: 'somebody deletes the dead-letter queue',
    act: (broker) => broker.delete({ kind: 'queue', name: 'dead' }, {}, staying()),
  },
  {
    name: 'somebody deletes the other dead-letter queue',
    act: (broker) => broker.delete({ kind: 'queue', name: 'deader' }, {}, staying()),
  },
];

describeScenarios([
  scenario({
    name: 'creating a queue',
    prepare: nothing,
    act: (broker) => putting(broker, jobs, { ...plainQueue, leaseSeconds: 7 }),
    rivals: creators,
  }),
  scenario({
    name: 'replacing the configuration of a queue',
    prepare: queueInUse,
    act: (broker) => putting(broker, jobs, { ...plainQueue, leaseSeconds: 7 }),
    rivals: queueRivals,
  }),
  scenario({
    name: 'changing the configuration of a queue',
    prepare: queueInUse,
    act: (broker) =>
      changing(broker.update(jobs, (current) => ({ ...current, maxDeliveries: 7 }), {}, staying())),
    rivals: queueRivals,
  }),
  scenario({
    name: 'giving a queue another dead-letter queue',
    async prepare(broker) {
      await withDeadLetterQueues(broker);
      await createQueue(broker, { deadLetterQueue: 'dead' });
    },
    act: (broker) =>
      changing(broker.update(jobs, (current) => ({ ...current, deadLetterQueue: 'deader' }), {}, staying())),
    rivals: deadLetterRivals,
  }),
  scenario({
    name: 'deleting a queue',
    prepare: queueInUse,
    act: (broker) => broker.delete(jobs, {}, staying()),
    rivals: queueRivals,
  }),
  scenario({
    name: 'deleting a queue that has a dead-letter queue',
    async prepare(broker) {
      await withDeadLetterQueues(broker);
      await createQueue(broker, { deadLetterQueue: 'dead' });
    },
    act: (broker) => broker.delete(jobs, {}, staying()),
    rivals: deadLetterRivals,
  }),
  scenario({
    name: 'creating a topic',
    prepare: nothing,
    act: (broker) => putting(broker, topic, topicConfig),
    rivals: [{ name: 'somebody creates it', act: (broker) => broker.put(topic, topicConfig, {}, staying()) }],
  }),
  scenario({
    name: 'deleting a topic',
    prepare: topicInUse,
    act: (broker) => broker.delete(topic, {}, staying()),
    rivals: topicRivals,
  }),
  scenario({
    name: 'creating a subscription',
    async prepare(broker) {
      await topicInUse(broker);
      await broker.delete(reader, {}, staying());
    },
    act: (broker) => putting(broker, reader, { ...subscriptionConfig, startFrom: 'earliest' }),
    rivals: topicRivals,
  }),
  scenario({
    name: 'changing a subscription',
    prepare: topicInUse,
    act: (broker) =>
      changing(broker.update(reader, (current) => ({ ...current, leaseSeconds: 9 }), {}, staying())),
    rivals: topicRivals,
  }),
  scenario({
    name: 'deleting a subscription',
    prepare: topicInUse,
    act: (broker) => broker.delete(reader, {}, staying()),
    rivals: topicRivals,
  }),
]);
