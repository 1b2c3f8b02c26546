/** Purging, seeking, redriving and transactions, with each of its store calls in trouble. */
import type { Broker, SubscriptionConfig, TopicConfig } from '../../../../src/queue/index.ts';
import { describeScenarios } from '../../../support/describe-scenarios.ts';
import {
  createQueue,
  jobs,
  plainQueue,
  publish,
  receive,
  staying,
  textMessage,
} from '../../../support/engine-fixture.ts';
import { news, queueRivals, topicRivals } from '../../../support/rivals.ts';
import { type Scenario, scenario } from '../../../support/scenarios.ts';

const topicConfig: TopicConfig = {
  delaySeconds: 0,
  priorities: 1,
  dedupWindowSeconds: 300,
  retentionSeconds: 86_400,
};
const subscriptionConfig: SubscriptionConfig = { leaseSeconds: 30, ordering: 'none', startFrom: 'earliest' };

async function fourMessages(broker: Broker) {
  await createQueue(broker);
  for (const text of ['a', 'b', 'c']) await publish(broker, text);
  await broker.publish(jobs, [textMessage('later', { delaySeconds: 60 })], staying());
  await receive(broker);
}

async function topicWithReader(broker: Broker) {
  await broker.put({ kind: 'topic', name: 'news' }, topicConfig, {}, staying());
  await broker.put(
    { kind: 'subscription', topic: 'news', name: 'reader' },
    subscriptionConfig,
    {},
    staying(),
  );
  for (const text of ['a', 'b', 'c', 'd'])
    await broker.publish({ kind: 'topic', name: 'news' }, [textMessage(text)], staying());
  await broker.receive(news, { max: 2, waitSeconds: 0, autoAck: true }, staying());
}

async function twoAreDead(broker: Broker) {
  await broker.put({ kind: 'queue', name: 'source' }, plainQueue, {}, staying());
  await createQueue(broker);
  const source = { kind: 'queue', name: 'source' } as const;
  await broker.put(source, { ...plainQueue, deadLetterQueue: 'jobs' }, {}, staying());
  await broker.publish(
    source,
    ['a', 'b', 'c'].map((text) => textMessage(text)),
    staying(),
  );
  const { messages } = await broker.receive(source, { max: 2, waitSeconds: 0, autoAck: false }, staying());
  const receipts = messages.map(({ receipt }) => receipt);
  await broker.settle(source, { kind: 'reject' }, receipts, staying());
}

function transacting(name: string, transactionId: string | undefined): Scenario {
  return scenario({
    name,
    async prepare(broker) {
      await createQueue(broker);
      await broker.put({ kind: 'queue', name: 'out' }, plainQueue, {}, staying());
      await publish(broker, 'a', 'b');
      return (await receive(broker)).map(({ receipt }) => receipt);
    },
    async act(broker, receipts) {
      const target = { kind: 'queue', name: 'out' } as const;
      const { duplicate } = await broker.transact(
        {
          acks: [{ source: jobs, receipts }],
          publishes: [
            { target, messages: [textMessage('x'), textMessage('y')] },
            { target: jobs, messages: [textMessage('z')] },
          ],
          ...(transactionId === undefined ? {} : { transactionId }),
        },
        staying(),
      );
      return duplicate ?? false;
    },
    rivals: queueRivals,
  });
}

describeScenarios([
  scenario({
    name: 'purging a queue',
    inSteps: true,
    prepare: fourMessages,
    act: (broker) => broker.purge(jobs, staying()),
    rivals: queueRivals,
  }),
  scenario({
    name: 'purging a subscription',
    prepare: topicWithReader,
    act: (broker) => broker.purge(news, staying()),
    rivals: topicRivals,
  }),
  scenario({
    name: 'seeking to the beginning',
    prepare: topicWithReader,
    act: (broker) => broker.seek(news, { kind: 'earliest' }, staying()),
    rivals: topicRivals,
  }),
  scenario({
    name: 'seeking to an instant',
    prepare: topicWithReader,
    act: (broker) => broker.seek(news, { kind: 'instant', atMs: 0 }, staying()),
    rivals: topicRivals,
  }),
  scenario({
    name: 'redriving',
    prepare: twoAreDead,
    act: (broker) => broker.redrive('jobs', {}, staying()),
    rivals: queueRivals,
  }),
  transacting('a transaction', undefined),
  transacting('a transaction with an id', 'once'),
  scenario({
    ...transacting('repeating a transaction', 'once'),
    async prepare(broker, cluster) {
      const made = transacting('', 'once');
      const receipts = await made.prepare(broker, cluster);
      await made.act(broker, receipts);
      return receipts;
    },
  }),
]);
