/** While the ensemble is away requests fail in time, and none is executed behind its client's back. */
import { describe, expect, test } from 'vitest';
import { useGateways } from '../support/gateway-cluster.ts';
import { violations } from '../support/history-checker.ts';
import { Load, loadLimits } from '../support/load.ts';
import type { QueueClient } from '../support/queue-client.ts';
import { waitUntil } from '../support/wait-until.ts';

const cluster = useGateways();

const requestTimeoutMs = 1_500;
/** For a busy machine; what is bounded are requests that would otherwise hang for ever. */
const marginMs = 8_000;

async function startLoad(): Promise<{ load: Load; clients: QueueClient[] }> {
  const gateways = await cluster.start(2, { requestTimeoutMs });
  const clients = await cluster.createQueue(gateways);
  const load = new Load({ clients, producers: 16, consumers: 16, leaseSeconds: 2, mischief: 0.05 });
  load.start();
  return { load, clients };
}

function expectSound(what: string, load: Load): void {
  console.log(`${what}:`, load.history.summary(), Object.fromEntries(load.problems), {
    slowestMs: Math.round(load.slowestMs),
  });
  expect(
    [...load.problems.keys()].filter((code) => !['unavailable', 'outcome-unknown'].includes(code)),
  ).toEqual([]);
  expect(load.slowestMs).toBeLessThan(requestTimeoutMs + marginMs);
  expect(violations(load.history)).toEqual([]);
}

describe('when ZooKeeper is restarted under load', () => {
  test(
    'by kill -9 and by SIGTERM, nothing is lost and nothing refused appears later',
    loadLimits,
    async () => {
      const { load } = await startLoad();
      for (const signal of ['SIGKILL', 'SIGTERM', 'SIGKILL'] as const) {
        await load.whenMore(300);
        await cluster.server.restart(signal);
      }
      await load.whenMore(300);
      await load.finish();
      expectSound('restarts', load);
    },
  );

  test(
    'and stays away longer than a request may wait, requests are refused in time',
    loadLimits,
    async () => {
      const { load } = await startLoad();
      await load.whenMore(300);
      await cluster.server.kill();
      // Each of the 32 clients has been refused, most of them after having waited for the ensemble.
      const refused = () => load.problems.get('unavailable') ?? 0;
      await waitUntil(() => refused() >= 64, 'the clients are refused');
      await cluster.server.restart();
      await load.whenMore(300);
      await load.finish();
      expectSound('long outage', load);
    },
  );

  test(
    'and only stops answering for a while, nothing is lost and nothing refused appears later',
    loadLimits,
    async () => {
      const { load } = await startLoad();
      await load.whenMore(300);
      cluster.server.freeze();
      const unanswered = () =>
        (load.problems.get('unavailable') ?? 0) + (load.problems.get('outcome-unknown') ?? 0);
      await waitUntil(() => unanswered() >= 32, 'the clients are told that it is away');
      cluster.server.thaw();
      await load.whenMore(300);
      await load.finish();
      expectSound('a freeze', load);
    },
  );
});
