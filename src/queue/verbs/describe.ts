/** A queue, topic or subscription as it stands, with its statistics: what `get` answers, and each item of a list. */

import { readWithDeadline } from '../commit/read-through.ts';
import { statsOf } from '../cursor/stats.ts';
import { scheduledMessages } from '../log/schedule-reader.ts';
import { notFound } from '../log/topic.ts';
import { type DeliveryPolicy, isWanted } from '../model/delivery-policy.ts';
import { BrokerError } from '../model/errors.ts';
import type {
  Resource,
  ResourceConfigs,
  ResourceKind,
  Stats,
  SubscriptionConfig,
} from '../model/vocabulary.ts';
import type { Engine } from '../topics/engine.ts';
import { etagOf } from '../topics/lifecycle.ts';
import type { OpenTopic } from '../topics/open-topic.ts';
import { findSubscription } from '../topics/subscription-lifecycle.ts';
import { QUEUE_SUBSCRIPTION } from '../zookeeper/paths.ts';
import { logStats } from './browse.ts';

export type AnyConfig = ResourceConfigs[ResourceKind];

/** A queue or topic as it stands. Throws BrokerError. */
export async function describe(engine: Engine, open: OpenTopic): Promise<Resource<AnyConfig>> {
  const { topic } = open;
  const stats = await currentStats(engine, open, topic.hasOneSubscription ? QUEUE_SUBSCRIPTION : undefined);
  const { name, config, createdAtMs, updatedAtMs } = topic;
  return { name, config, stats, createdAtMs, updatedAtMs, etag: etagOf(topic) };
}

/** A subscription as it stands. Throws BrokerError 'not-found' when there is none. */
export async function describeSubscription(
  engine: Engine,
  open: OpenTopic,
  name: string,
): Promise<Resource<AnyConfig>> {
  const stats = await currentStats(engine, open, name);
  const known = await readWithDeadline(engine.runtime, () => findSubscription(engine, open.topic, name));
  if (known === undefined) throw notFound('subscription', name);
  const { config, createdAtMs, updatedAtMs, revision } = known.record;
  return { name, config: config as SubscriptionConfig, stats, createdAtMs, updatedAtMs, etag: revision };
}

/** Counts a subscription, or a topic's log. Before that it moves what has become due, and what has died, to where it belongs. */
async function currentStats(
  engine: Engine,
  open: OpenTopic,
  subscription: string | undefined,
): Promise<Stats> {
  return readWithDeadline(engine.runtime, async () => {
    const { topic, schedule } = open;
    const inspection = subscription === undefined ? undefined : await open.inspect(subscription);
    if (inspection === undefined) await schedule.moveDue(true);
    const waiting = await statsOfScheduled(engine, open, inspection?.state.policy);
    return inspection === undefined
      ? logStats(engine.runtime, engine.entries, topic, waiting)
      : statsOf(inspection, engine.entries, waiting);
  });
}

/** Counts the messages that wait for their time: by the schedule's node, or one by one when a subscription wants only some. */
async function statsOfScheduled(
  engine: Engine,
  { topic, schedule }: OpenTopic,
  policy: DeliveryPolicy | undefined,
) {
  const { messages, bytes } = schedule.state;
  const counted = { messages: 0, bytes: 0, oldestPublishedAtMs: undefined as number | undefined };
  if (messages === 0) return counted;
  const wantsSome = policy !== undefined && (policy.filter !== undefined || policy.purgedSchedule > 0);
  const { store } = engine.runtime;
  for await (const { message } of scheduledMessages(store, engine.entries, topic.id)) {
    if (wantsSome && !isWanted(message, policy)) continue;
    counted.messages += 1;
    counted.bytes += message.body.length;
    counted.oldestPublishedAtMs = Math.min(
      counted.oldestPublishedAtMs ?? message.publishedAtMs,
      message.publishedAtMs,
    );
    if (!wantsSome) return { ...counted, messages, bytes };
  }
  return counted;
}

/** For what somebody may delete at any moment: undefined in the place of the error 'not-found'. */
export function unlessGone(error: unknown): undefined {
  if (error instanceof BrokerError && error.code === 'not-found') return undefined;
  throw error;
}
