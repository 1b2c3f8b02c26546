/**
 * All subscriptions of a topic, for commits that must not miss one: trimming relies on every subscription having finished
 * a segment, deleting a topic on having ended the links of all. Whoever makes or deletes a subscription, or starts it
 * anew, also sets the node above the subscriptions; such commits check its version. Gateways of the version before do
 * not set it, so those commits check each subscription as well. A queue's one subscription comes and goes with it.
 */

import { subscriptionsPath } from '../zookeeper/paths.ts';
import { ANY_VERSION, type Store, type Write } from '../zookeeper/store.ts';
import type { Topic } from './topic.ts';

export interface SubscriptionSet {
  readonly names: readonly string[];
  /** Fail a commit when the set is no longer this one. */
  readonly guards: readonly Write[];
}

/** Undefined when all of it is gone. Rejects with a StoreError. */
export async function readSubscriptionSet(
  store: Store,
  topic: Pick<Topic, 'id' | 'hasOneSubscription'>,
): Promise<SubscriptionSet | undefined> {
  const path = subscriptionsPath(topic.id);
  for (;;) {
    const listing = await store.list(path);
    if (listing === undefined) return undefined;
    const { children, stat } = listing;
    if (topic.hasOneSubscription) return { names: children, guards: [] };
    const { version } = stat;
    if (version !== 0) return { names: children, guards: [{ kind: 'check', path, version }] };
    // The version before made the topic. Version 0 must never be checked: a node made anew would have it as well.
    await store.commit(subscriptionSetChange(topic));
  }
}

/** The writes that tell of a subscription that is made, deleted or started anew by the same commit. */
export function subscriptionSetChange({
  id,
  hasOneSubscription,
}: Pick<Topic, 'id' | 'hasOneSubscription'>): Write[] {
  if (hasOneSubscription) return [];
  return [{ kind: 'set', path: subscriptionsPath(id), data: Buffer.alloc(0), version: ANY_VERSION }];
}
