/** Publishing in all its forms, with each of its store calls in trouble. */
import type { NewMessage, QueueConfig } from '../../../../src/queue/index.ts';
import { describeScenarios } from '../../../support/describe-scenarios.ts';
import { createQueue, jobs, publish, staying, textMessage } from '../../../support/engine-fixture.ts';
import { queueRivals } from '../../../support/rivals.ts';
import { type Scenario, scenario } from '../../../support/scenarios.ts';

function publishing(
  name: string,
  messages: readonly NewMessage[],
  config: Partial<QueueConfig> = {},
  before: readonly string[] = ['before'],
): Scenario {
  return scenario({
    name,
    async prepare(broker) {
      await createQueue(broker, config);
      for (const text of before) await publish(broker, text);
    },
    async act(broker) {
      const answers = await broker.publish(jobs, messages, staying());
      return answers.map(({ duplicate }) => duplicate ?? false);
    },
    rivals: queueRivals,
  });
}

const many = ['a', 'b', 'c'].map((text) => textMessage(text));

describeScenarios([
  publishing('publishing a message', [textMessage('a')]),
  publishing('publishing several', many),
  publishing('publishing into a segment that is full then', [textMessage('a')], {}, ['1', '2']),
  publishing('publishing to several levels', [textMessage('a'), textMessage('b', { priority: 2 })], {
    priorities: 3,
  }),
  publishing('publishing with a dedupId', [textMessage('a', { dedupId: 'once' })]),
  publishing('publishing with a delay', [textMessage('a', { delaySeconds: 60 }), textMessage('b')]),
  publishing('publishing near a limit', [textMessage('a')], { maxMessages: 3 }),
  publishing('publishing beyond a limit', many, { maxMessages: 3 }),
]);
