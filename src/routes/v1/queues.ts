/**
 * Queues, as resources, as something to publish to and as something to receive from.
 */
import { z } from 'zod';
import { noParams } from '../http/no-fields.ts';
import type { ResourceType } from './resources.ts';
import { queueConfigs } from './schemas/configs.ts';
import { name, receipt } from './schemas/scalars.ts';
import type { MessageSource, PublishTarget } from './targets-and-sources.ts';

const PATH = '/v1/queues/{queue}';

interface QueueParams {
  readonly queue: string;
}

export const queueParams = z.strictObject({ queue: name('The name of the queue.') });

export const queues: ResourceType<'queue', QueueParams, object> = {
  kind: 'queue',
  noun: 'Queue',
  plural: 'queues',
  tag: 'Queues',
  path: PATH,
  listPath: '/v1/queues',
  params: queueParams,
  listParams: noParams,
  configs: queueConfigs,
  exampleConfig: { leaseSeconds: 60 },
  exampleBeginsWith: { leaseSeconds: 60, delaySeconds: 0 },
  notes: {
    put: 'A name that is a topic’s is refused with 409, and so is a deadLetterQueue that does not exist.',
    delete:
      'With all its messages. A queue that is the deadLetterQueue of another, or of a subscription, cannot be deleted (409).',
  },
  listProblems: [],
  refOf: ({ queue }) => ({ kind: 'queue', name: queue }),
  nameOf: ({ queue }) => queue,
  listedName: (_params, name) => name,
  topicOf: () => undefined,
};

export const queueMessages: MessageSource<QueueParams> & PublishTarget<QueueParams> = {
  path: PATH,
  noun: 'Queue',
  tag: 'Messages of a queue',
  params: queueParams,
  paramsWithReceipt: queueParams.extend({ receipt }),
  refOf: ({ queue }) => ({ kind: 'queue', name: queue }),
  nameOf: ({ queue }) => queue,
};
