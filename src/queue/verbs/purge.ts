/** Purging a queue or subscription: what waits for its time goes as well. */
import { readWithDeadline } from '../commit/read-through.ts';
import { afterwards } from '../model/errors.ts';
import type { SubscriptionRef } from '../model/vocabulary.ts';
import type { Engine } from '../topics/engine.ts';
import { startAnew } from './seek.ts';

/** Drops every message that was stored before the call, also those that wait for their time. Throws BrokerError. */
export async function purge(engine: Engine, source: SubscriptionRef): Promise<void> {
  await engine.directory.useSubscription(source, async (open, subscription) => {
    const { schedule } = open;
    // Nobody else uses a queue's schedule. A topic's has messages for its other subscriptions too: there this subscription only
    // notes which of them to pass over.
    if (source.kind === 'queue') {
      const cleared = await schedule.clear((path) => engine.trash.removeTree(path));
      const restart = () => startAnew(engine, open, subscription, { kind: 'latest' });
      await (cleared ? afterwards(restart) : restart());
      return;
    }
    await readWithDeadline(engine.runtime, () => schedule.moveDue(true));
    await startAnew(engine, open, subscription, { kind: 'latest' }, schedule.changes);
  });
}
