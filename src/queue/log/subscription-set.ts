/**
 * All subscriptions of a topic, for those who must not miss one: who trims relies on every subscription's having finished
 * a segment, who deletes the topic on having ended the links of all. The node above the subscriptions is set whenever one
 * is made, deleted or started anew, and its version checked by their commits. Gateways of the version before do not set
 * it, so each subscription is checked beside. A queue's one subscription comes and goes with the queue.
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
  topic: Pick<Topic, 'id' | 'kind'>,
): Promise<SubscriptionSet | undefined> {
  const path = subscriptionsPath(topic.id);
  for (;;) {
    const listing = await store.list(path);
    if (listing === undefined) return undefined;
    const { children, stat } = listing;
    if (topic.kind === 'queue') return { names: children, guards: [] };
    const { version } = stat;
    if (version !== 0) return { names: children, guards: [{ kind: 'check', path, version }] };
    // As the version before made it: version 0 is never checked.
    await store.commit(subscriptionSetChange(topic));
  }
}

/** The writes that tell of a subscription that is made, deleted or started anew by the same commit. */
export function subscriptionSetChange({ id, kind }: Pick<Topic, 'id' | 'kind'>): Write[] {
  if (kind === 'queue') return [];
  return [{ kind: 'set', path: subscriptionsPath(id), data: Buffer.alloc(0), version: ANY_VERSION }];
}
