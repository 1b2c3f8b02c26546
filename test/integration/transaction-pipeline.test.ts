/** Consume, transform and produce in one step: exactly once from queue to queue, whichever gateways die meanwhile. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { useGateways } from '../support/gateway-cluster.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { loadLimits } from '../support/load.ts';
import { call, drain, TransactionPipeline } from '../support/transaction-pipeline.ts';
import { waitUntil } from '../support/wait-until.ts';

const values = Array.from({ length: 600 }, (_, index) => `value-${index}`);
const workers = 4;
const kills = 6;
/** A gateway is killed at any moment of this time after a transaction was sent to it. */
const killDelayMs = 20;

const cluster = useGateways();

/** The gateways of the test, each of which may be killed and replaced at any time. */
class Gateways {
  readonly #chroot = `/test/${randomUUID()}`;
  #running: GatewayProcess[] = [];

  async start(count: number): Promise<void> {
    this.#running = [...this.#running, ...(await cluster.start(count, { chroot: this.#chroot }))];
  }

  /** One of them at random, and not the one that was just tried when there is another. */
  pick(tried?: string): string {
    const urls = this.#running.map(({ url }) => url);
    const others = urls.filter((url) => url !== tried);
    const choice = others.length > 0 ? others : urls;
    return choice[Math.floor(Math.random() * choice.length)] ?? '';
  }

  /** Kills the one at this URL, which workers go on asking until its place is taken. */
  async kill(url: string): Promise<void> {
    const victim = this.#running.find((gateway) => gateway.url === url);
    if (victim === undefined) throw new Error('a gateway that runs was to be killed');
    await victim.kill();
    await this.start(1);
    this.#running = this.#running.filter((gateway) => gateway !== victim);
  }
}

describe('a pipeline of transactions from A to B', () => {
  test(
    'with four workers and gateways killed at random, brings every value of A to B exactly once',
    loadLimits,
    async () => {
      const gateways = new Gateways();
      await gateways.start(3);
      for (const queue of ['a', 'b']) await call('PUT', `${gateways.pick()}/v1/queues/${queue}`, {});
      const pick = (tried?: string) => gateways.pick(tried);
      const pipeline = new TransactionPipeline({ from: 'a', to: 'b', leaseSeconds: 2, impatient: 0.3, pick });
      const working = Array.from({ length: workers }, () => pipeline.work());
      const gone = Promise.all(working);
      // Reported when it is awaited, below.
      gone.catch(() => undefined);

      const share = values.length / kills;
      for (let kill = 0; kill < kills; kill += 1) {
        // A share takes ten transactions or more: there is one in flight when the gateway is killed, at some point.
        const inFlight = pipeline.whenSent(1 + Math.floor(Math.random() * 8));
        const messages = values.slice(kill * share, (kill + 1) * share).map((body) => ({ body }));
        await call('POST', `${gateways.pick()}/v1/queues/a/messages`, { messages });
        const victim = await Promise.race([inFlight, gone]);
        if (typeof victim !== 'string') throw new Error('the workers have ended');
        await sleep(Math.random() * killDelayMs);
        await gateways.kill(victim);
      }
      const isEmpty = async () => {
        const answer = await call('GET', `${gateways.pick()}/v1/queues/a`);
        return (answer as { stats: { messages: number } }).stats.messages === 0;
      };
      await Promise.race([gone, waitUntil(isEmpty, 'everything has left A', 60_000)]);
      pipeline.finish();
      await gone;

      console.log('transaction pipeline:', pipeline.tally);
      const arrived = (await drain(`${gateways.pick()}/v1/queues/b`)) as { from: string }[];
      expect(arrived.map(({ from }) => from).toSorted()).toEqual(values.toSorted());
      // All that workers were told is in B, and nothing else is.
      expect(pipeline.moved).toBe(values.length);
      expect(pipeline.tally.noAnswer).toBeGreaterThan(0);
    },
  );
});
