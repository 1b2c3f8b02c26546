/** Acking, giving back, extending, rejecting and releasing, with each of its store calls in trouble. */
import type { Broker, QueueConfig, SettleAction } from '../../../../src/queue/index.ts';
import { describeScenarios } from '../../../support/describe-scenarios.ts';
import { createQueue, jobs, publish, receive, settle, staying } from '../../../support/engine-fixture.ts';
import { queueRivals } from '../../../support/rivals.ts';
import { type Scenario, scenario } from '../../../support/scenarios.ts';

const dead = { kind: 'queue', name: 'dead' } as const;

async function twoAreHeld(broker: Broker, config: Partial<QueueConfig>): Promise<string[]> {
  if (config.deadLetterQueue !== undefined) {
    const { delaySeconds, priorities, dedupWindowSeconds, leaseSeconds, ordering } = (
      await createQueue(broker)
    ).resource.config;
    await broker.put(
      dead,
      { delaySeconds, priorities, dedupWindowSeconds, leaseSeconds, ordering },
      {},
      staying(),
    );
  }
  await createQueue(broker, config);
  await publish(broker, 'a', 'b');
  await publish(broker, 'c');
  return (await receive(broker, { max: 2 })).map(({ receipt }) => receipt);
}

function settling(name: string, action: SettleAction, config: Partial<QueueConfig> = {}): Scenario {
  return scenario({
    name,
    prepare: (broker) => twoAreHeld(broker, config),
    act: (broker, receipts) => settle(broker, action, ...receipts),
    rivals: queueRivals,
  });
}

describeScenarios([
  settling('acking', { kind: 'ack' }),
  settling('giving back', { kind: 'nack', delaySeconds: 0 }),
  settling('giving back for later', { kind: 'nack', delaySeconds: 60 }),
  settling(
    'giving back after the last delivery',
    { kind: 'nack', delaySeconds: 0 },
    { maxDeliveries: 1, deadLetterQueue: 'dead' },
  ),
  settling('extending', { kind: 'extend', leaseSeconds: 600 }),
  settling('rejecting to the dead letters', { kind: 'reject', reason: 'bad' }, { deadLetterQueue: 'dead' }),
  settling('rejecting, with nowhere to go', { kind: 'reject' }),
  scenario({
    name: 'releasing',
    prepare: (broker) => twoAreHeld(broker, {}),
    act: (broker, receipts) => broker.release(jobs, receipts),
    rivals: queueRivals,
  }),
  scenario({
    name: 'acking what is acked already',
    async prepare(broker) {
      const receipts = await twoAreHeld(broker, {});
      await settle(broker, { kind: 'ack' }, ...receipts.slice(1));
      return receipts.slice(1);
    },
    act: (broker, receipts) => settle(broker, { kind: 'ack' }, ...receipts),
    rivals: queueRivals,
  }),
]);
