/** The native API: every operation on queues, topics and subscriptions, in the order of the documentation. */
import type { RouteContext } from '../http/context.ts';
import type { Door } from '../http/door.ts';
import { problemAnswer } from '../http/error-answers.ts';
import type { Operation } from '../http/operation.ts';
import { linksOf } from './openapi-links.ts';
import { browse, peek, purge } from './peek.ts';
import { publish } from './publish.ts';
import { queueMessages, queues } from './queues.ts';
import { receive } from './receive.ts';
import { redrive } from './redrive.ts';
import { resourceOperations } from './resources.ts';
import { seek } from './seek.ts';
import { ack, deleteMessage, extend, nack, reject } from './settle.ts';
import { stream } from './stream.ts';
import { subscriptionMessages, subscriptions } from './subscriptions.ts';
import type { MessageSource } from './targets-and-sources.ts';
import { topicMessages, topics } from './topics.ts';
import { TRANSACTION_BODY_BYTES_MAX, transact } from './transactions.ts';

const TAGS = [
  { name: 'Queues', description: 'A queue is a topic with exactly one built-in subscription.' },
  {
    name: 'Messages of a queue',
    description:
      'Publish, receive under a lease, and ack. Delivery is at least once; with autoAck at most once.',
  },
  { name: 'Topics', description: 'A topic is an append-only, durable, ordered log of messages.' },
  {
    name: 'Messages of a topic',
    description:
      'Stored once, however many subscriptions there are. Publish, browse, and follow as a stream.',
  },
  {
    name: 'Subscriptions',
    description:
      'A subscription is a named, durable cursor on a topic. Its consumers compete: each message goes to one of them.',
  },
  { name: 'Messages of a subscription', description: 'As of a queue; and seek to replay or to skip.' },
  { name: 'Transactions', description: 'Acks and publishes that take effect together, exactly once.' },
];

export const nativeApi: Door = {
  operations: (context) => [
    ...resourceOperations(context, queues),
    publish(context, queueMessages),
    ...delivery(context, queueMessages),
    redrive(context),

    ...resourceOperations(context, topics),
    publish(context, topicMessages),
    browse(context),
    stream(context),

    ...resourceOperations(context, subscriptions),
    ...delivery(context, subscriptionMessages),
    seek(context),

    transact(context),
  ],
  writeError: problemAnswer,
  bodyBytesMax: TRANSACTION_BODY_BYTES_MAX,
  description: { tags: TAGS, linksOf },
};

/** What queues and subscriptions share. */
function delivery<Params>(context: RouteContext, source: MessageSource<Params>): Operation[] {
  return [
    receive(context, source),
    ack(context, source),
    nack(context, source),
    extend(context, source),
    reject(context, source),
    deleteMessage(context, source),
    peek(context, source),
    purge(context, source),
  ];
}
