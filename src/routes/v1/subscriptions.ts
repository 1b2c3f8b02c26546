/**
 * Subscriptions of topics, as resources and as something to receive from.
 */

import type { ResourceType } from './resources.ts';
import { subscriptionConfigs } from './schemas/configs.ts';
import { name, receipt } from './schemas/scalars.ts';
import type { MessageSource } from './targets-and-sources.ts';
import { TOPIC_PATH, topicParams } from './topics.ts';

const PATH = `${TOPIC_PATH}/subscriptions/{subscription}`;

export interface SubscriptionParams {
  readonly topic: string;
  readonly subscription: string;
}

export const subscriptionParams = topicParams.extend({
  subscription: name('The name of the subscription, unique within its topic.'),
});

/** Rights are granted on it as a part of its topic. */
export function nameOfSubscription({ topic, subscription }: SubscriptionParams): string {
  return `${topic}/${subscription}`;
}

export const subscriptions: ResourceType<'subscription', SubscriptionParams, { readonly topic: string }> = {
  kind: 'subscription',
  noun: 'Subscription',
  plural: 'subscriptions',
  tag: 'Subscriptions',
  path: PATH,
  listPath: `${TOPIC_PATH}/subscriptions`,
  params: subscriptionParams,
  listParams: topicParams,
  configs: subscriptionConfigs,
  exampleConfig: { filter: { kind: ['created', 'paid'] } },
  notes: {
    put: 'Once this is answered, the subscription sees every message that is published. A deadLetterQueue that does not exist is refused with 409.',
    delete: 'With its place in the topic and its leases. The topic and its other subscriptions stay.',
  },
  listProblems: ['not-found'],
  refOf: ({ topic, subscription }) => ({ kind: 'subscription', topic, name: subscription }),
  nameOf: nameOfSubscription,
  listedName: ({ topic }, subscription) => nameOfSubscription({ topic, subscription }),
  topicOf: ({ topic }) => topic,
};

export const subscriptionMessages: MessageSource<SubscriptionParams> = {
  path: PATH,
  noun: 'Subscription',
  tag: 'Messages of a subscription',
  params: subscriptionParams,
  paramsWithReceipt: subscriptionParams.extend({ receipt }),
  refOf: ({ topic, subscription }) => ({ kind: 'topic', name: topic, subscription }),
  nameOf: nameOfSubscription,
};
