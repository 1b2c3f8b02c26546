/**
 * Topics, as resources and as something to publish to.
 */
import { z } from 'zod';
import { noParams } from '../http/no-fields.ts';
import type { ResourceType } from './resources.ts';
import { topicConfigs } from './schemas/configs.ts';
import { name } from './schemas/scalars.ts';
import type { PublishTarget } from './targets-and-sources.ts';

export const TOPIC_PATH = '/v1/topics/{topic}';

interface TopicParams {
  readonly topic: string;
}

export const topicParams = z.strictObject({ topic: name('The name of the topic.') });

export const topics: ResourceType<'topic', TopicParams, object> = {
  kind: 'topic',
  noun: 'Topic',
  plural: 'topics',
  tag: 'Topics',
  path: TOPIC_PATH,
  listPath: '/v1/topics',
  params: topicParams,
  listParams: noParams,
  configs: topicConfigs,
  exampleConfig: { retentionSeconds: 86_400 },
  notes: {
    put: 'A name that is a queue’s is refused with 409.',
    delete: 'With all its messages and subscriptions.',
  },
  listProblems: [],
  refOf: ({ topic }) => ({ kind: 'topic', name: topic }),
  nameOf: ({ topic }) => topic,
  listedName: (_params, name) => name,
  topicOf: () => undefined,
};

export const topicMessages: PublishTarget<TopicParams> = {
  path: TOPIC_PATH,
  noun: 'Topic',
  tag: 'Messages of a topic',
  params: topicParams,
  refOf: ({ topic }) => ({ kind: 'topic', name: topic }),
  nameOf: ({ topic }) => topic,
};
