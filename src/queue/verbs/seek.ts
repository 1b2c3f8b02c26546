/** Seeking: a subscription starts anew from another place of the log. */
import { AGAIN, attemptUntilDone } from '../commit/optimistic.ts';
import { readThrough } from '../commit/read-through.ts';
import { inspect } from '../cursor/inspection.ts';
import { positionsOf, restart } from '../cursor/restart.ts';
import type { Subscription } from '../cursor/subscription.ts';
import type { SeekTarget, SubscriptionRef } from '../model/vocabulary.ts';
import type { Engine } from '../topics/engine.ts';
import type { OpenTopic } from '../topics/open-topic.ts';
import { cursorName } from '../zookeeper/paths.ts';

/** Starts a subscription anew from another place. Every older receipt is lost. Throws BrokerError. */
export async function seek(engine: Engine, source: SubscriptionRef, target: SeekTarget): Promise<void> {
  await engine.directory.useSubscription(source, (open, subscription) =>
    startAnew(engine, open, subscription, target),
  );
}

/**
 * Starts the subscription anew, and has what that leaves behind removed.
 *
 * @param purgedSchedule set by a purge: see DeliveryPolicy
 */
export async function startAnew(
  engine: Engine,
  open: OpenTopic,
  subscription: Subscription,
  target: SeekTarget,
  purgedSchedule?: number,
): Promise<void> {
  const { topic, trimmer } = open;
  const before = await attemptUntilDone(engine.runtime, async (signal) => {
    const { inspection, start } = await readThrough(engine.runtime, signal, async () => {
      await engine.runtime.store.barrier();
      const found = await inspect(engine.runtime, engine.entries, topic, subscription.name);
      return { inspection: found, start: await positionsOf(engine.runtime.store, topic, target) };
    });
    return (await restart(engine.runtime, inspection.state, start, target, purgedSchedule, signal))
      ? inspection.state
      : AGAIN;
  });
  engine.trash.removeCursor(topic.id, cursorName(subscription.name, before.generation));
  subscription.noteChanged();
  for (const log of topic.logs) trimmer.considerUpTo(log.level, log.last);
}
