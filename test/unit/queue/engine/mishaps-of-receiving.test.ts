/** Receiving in all its forms, with each of its store calls in trouble. */
import type { Broker, QueueConfig, ReceiveRequest } from '../../../../src/queue/index.ts';
import { describeScenarios } from '../../../support/describe-scenarios.ts';
import {
  createQueue,
  type EngineCluster,
  jobs,
  publish,
  receive,
  staying,
  textMessage,
} from '../../../support/engine-fixture.ts';
import { queueRivals } from '../../../support/rivals.ts';
import { type Scenario, scenario } from '../../../support/scenarios.ts';

type Prepare = (broker: Broker, cluster: EngineCluster) => Promise<readonly string[] | undefined>;

function receiving(
  name: string,
  request: Partial<ReceiveRequest>,
  prepare: Prepare = threeMessages(),
): Scenario {
  return scenario({
    name,
    prepare,
    async act(broker, ack) {
      const plain = { max: 2, waitSeconds: 0, autoAck: false, ...(ack === undefined ? {} : { ack }) };
      const { messages, acked } = await broker.receive(jobs, { ...plain, ...request }, staying());
      const received = messages.map(({ body, deliveries }) => [body.toString(), deliveries]);
      return { received, acked: acked?.map(({ outcome }) => outcome) };
    },
    rivals: queueRivals,
  });
}

function threeMessages(config: Partial<QueueConfig> = {}): Prepare {
  return async (broker) => {
    await createThree(broker, config);
    return undefined;
  };
}

async function createThree(broker: Broker, config: Partial<QueueConfig> = {}): Promise<void> {
  await createQueue(broker, config);
  for (const text of ['a', 'b', 'c']) {
    await broker.publish(jobs, [textMessage(text, { group: text === 'b' ? 'b' : 'a' })], staying());
  }
}

async function oneIsHeld(broker: Broker): Promise<string[]> {
  await createThree(broker);
  return (await receive(broker)).map(({ receipt }) => receipt);
}

describeScenarios([
  receiving('receiving', {}),
  receiving('receiving in strict order', {}, threeMessages({ ordering: 'strict' })),
  receiving('receiving in the order of groups', {}, threeMessages({ ordering: 'group' })),
  receiving('receiving with a wait', { waitSeconds: 0.5 }),
  receiving('receiving where there is nothing', {}, async (broker) => {
    await createQueue(broker);
    return undefined;
  }),
  {
    ...receiving('receiving what is due by now', {}, async (broker, cluster) => {
      await createQueue(broker);
      await broker.publish(jobs, [textMessage('later', { delaySeconds: 60 })], staying());
      cluster.advance(61_000);
      return undefined;
    }),
    // Whether it is brought in before a rival's message or after it is open.
    rivals: [],
  },
  receiving('receiving and deleting in one', { autoAck: true }),
  receiving('receiving with an attemptId', { attemptId: 'try' }),
  receiving('repeating a receive with an attemptId', { attemptId: 'try' }, async (broker) => {
    await createThree(broker);
    await receive(broker, { attemptId: 'try', max: 2 });
    return undefined;
  }),
  receiving('receiving and acking in one', {}, oneIsHeld),
  receiving('receiving past what has died', {}, async (broker) => {
    await createQueue(broker, { leaseSeconds: 0.5, maxDeliveries: 1 });
    await publish(broker, 'dead', 'b', 'c');
    await receive(broker, { leaseSeconds: 0 });
    return undefined;
  }),
]);
