/** Queues, topics and subscriptions as resources: created, changed, read and deleted. */

import { afterwards } from '../model/errors.ts';
import type {
  Precondition,
  Resource,
  ResourceConfigs,
  ResourceRef,
  SubscriptionConfig,
} from '../model/vocabulary.ts';
import type { Engine } from '../topics/engine.ts';
import { deleteTopic, putTopic, updateTopic } from '../topics/lifecycle.ts';
import type { OpenTopic } from '../topics/open-topic.ts';
import { deleteSubscription, putSubscription, updateSubscription } from '../topics/subscription-lifecycle.ts';
import { type AnyConfig, describe, describeSubscription, unlessGone } from './describe.ts';

/** Creates the queue, topic or subscription, or replaces its configuration. Throws BrokerError. */
export async function put(engine: Engine, ref: ResourceRef, config: AnyConfig, precondition: Precondition) {
  if (ref.kind === 'subscription') {
    return engine.directory.use({ kind: 'topic', name: ref.topic }, (open) =>
      putAndDescribe(engine, open, ref.name, config as SubscriptionConfig, precondition),
    );
  }
  for (;;) {
    const { created, open } = await putTopic(engine, ref, config as ResourceConfigs['queue'], precondition);
    const resource = await afterwards(() => describe(engine, open)).catch(unlessGone);
    // Somebody else has deleted it meanwhile: make it again.
    if (resource !== undefined) return { created, resource };
  }
}

async function putAndDescribe(
  engine: Engine,
  open: OpenTopic,
  name: string,
  config: SubscriptionConfig,
  precondition: Precondition,
): Promise<{ created: boolean; resource: Resource<AnyConfig> }> {
  for (;;) {
    const { created } = await putSubscription(engine, open, name, config, precondition);
    const resource = await afterwards(() => describeSubscription(engine, open, name)).catch(unlessGone);
    // Somebody else has deleted it meanwhile: make it again.
    if (resource !== undefined) return { created, resource };
  }
}

/** Replaces the configuration by `change(current)`. Throws BrokerError, or what `change` throws. */
export async function update(
  engine: Engine,
  ref: ResourceRef,
  change: (current: AnyConfig) => AnyConfig,
  precondition: Precondition,
): Promise<Resource<AnyConfig>> {
  if (ref.kind === 'subscription') {
    const changed = change as (current: SubscriptionConfig) => SubscriptionConfig;
    return engine.directory.use({ kind: 'topic', name: ref.topic }, async (open) => {
      await updateSubscription(engine, open, ref.name, changed, precondition);
      return afterwards(() => describeSubscription(engine, open, ref.name));
    });
  }
  const changed = change as (
    current: ResourceConfigs['queue' | 'topic'],
  ) => ResourceConfigs['queue' | 'topic'];
  const open = await updateTopic(engine, ref, changed, precondition);
  return afterwards(() => describe(engine, open));
}

/** Throws BrokerError. */
export async function get(engine: Engine, ref: ResourceRef): Promise<Resource<AnyConfig>> {
  if (ref.kind !== 'subscription') return engine.directory.use(ref, (open) => describe(engine, open));
  return engine.directory.use({ kind: 'topic', name: ref.topic }, (open) =>
    describeSubscription(engine, open, ref.name),
  );
}

/** Throws BrokerError. */
export async function deleteResource(
  engine: Engine,
  ref: ResourceRef,
  precondition: Precondition,
): Promise<void> {
  if (ref.kind !== 'subscription') return deleteTopic(engine, ref, precondition);
  await engine.directory.use({ kind: 'topic', name: ref.topic }, (open) =>
    deleteSubscription(engine, open, ref.name, precondition),
  );
}
