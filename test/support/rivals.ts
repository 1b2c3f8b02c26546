/** What somebody else may do to a queue while another request is under way there. */

import { createQueue, jobs, publish, receive, staying } from './engine-fixture.ts';
import type { Rival } from './scenarios.ts';

export const queueRivals: readonly Rival[] = [
  { name: 'somebody publishes', act: (broker) => publish(broker, 'rival') },
  {
    name: 'somebody publishes so much that segments are sealed',
    async act(broker) {
      for (const text of ['r1', 'r2', 'r3', 'r4']) await publish(broker, text);
    },
  },
  { name: 'somebody receives', act: (broker) => receive(broker) },
  { name: 'somebody takes all there is', act: (broker) => receive(broker, { max: 100, autoAck: true }) },
  {
    name: 'somebody changes the configuration',
    act: (broker) => broker.update(jobs, (current) => ({ ...current, leaseSeconds: 31 }), {}, staying()),
  },
  { name: 'somebody purges', act: (broker) => broker.purge(jobs, staying()) },
  { name: 'somebody deletes the queue', act: (broker) => broker.delete(jobs, {}, staying()) },
  {
    name: 'somebody deletes the queue and makes it anew',
    async act(broker) {
      await broker.delete(jobs, {}, staying());
      await createQueue(broker);
      await publish(broker, 'of the new one');
    },
  },
];
