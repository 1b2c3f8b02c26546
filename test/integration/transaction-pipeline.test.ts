/** Consume, transform and produce in one step: exactly once from queue to queue, whichever gateways die meanwhile. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { useGateways } from '../support/gateway-cluster.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { loadLimits } from '../support/load.ts';
import type { Received } from '../support/queue-client.ts';
import { waitUntil } from '../support/wait-until.ts';

const values = Array.from({ length: 600 }, (_, index) => `value-${index}`);
const workers = 4;
const kills = 6;
/** So that what a killed gateway had leased comes back soon. */
const leaseSeconds = 2;
/** A gateway is killed at any moment of this time after a transaction was sent to it. */
const killDelayMs = 20;
/** Share of the transactions whose worker hangs up within that time. */
const impatient = 0.3;
/** Between attempts, so that an outage is not a busy loop. */
const retryMs = 20;

const cluster = useGateways();

/** Counted so that the test shows what it has been through. */
interface Tally {
  committed: number;
  repeatedAndCommitted: number;
  aborted: number;
  noAnswer: number;
  refused: number;
}

/** What came of a request: `open` when nobody knows whether it took effect. */
type Ending =
  | { readonly kind: 'answered'; readonly status: number; readonly body: unknown }
  | { readonly kind: 'refused' }
  | { readonly kind: 'open' };

/** Some workers hang up early, and do not know any more than when the gateway is killed. */
function patience(): AbortSignal | undefined {
  return Math.random() < impatient ? AbortSignal.timeout(Math.ceil(Math.random() * 20)) : undefined;
}

/** Sends one request, once. Throws for an answer that no client of the contract has to expect here. */
async function send(method: string, url: string, body?: object, signal?: AbortSignal): Promise<Ending> {
  const headers = { 'content-type': 'application/json' };
  let status: number;
  let text: string;
  try {
    const payload = body === undefined ? {} : { headers, body: JSON.stringify(body) };
    const response = await fetch(url, { method, ...payload, ...(signal === undefined ? {} : { signal }) });
    status = response.status;
    text = await response.text();
  } catch {
    return { kind: 'open' };
  }
  if (status === 504) return { kind: 'open' };
  if (status === 429 || status === 503) return { kind: 'refused' };
  if (status >= 300 && status !== 409) throw new Error(`unexpected answer ${status}: ${text}`);
  return { kind: 'answered', status, body: JSON.parse(text) };
}

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

class Pipeline {
  readonly tally: Tally = { committed: 0, repeatedAndCommitted: 0, aborted: 0, noAnswer: 0, refused: 0 };
  /** How many values have been told to be in B. */
  moved = 0;
  readonly #gateways: Gateways;
  #isFinished = false;
  #countdown: { left: number; readonly reached: (gateway: string) => void } | undefined;

  constructor(gateways: Gateways) {
    this.#gateways = gateways;
  }

  /** Moves values until `finish` is called. */
  async work(): Promise<void> {
    while (!this.#isFinished) {
      const received = await this.#receive();
      if (received.length === 0) await sleep(retryMs);
      else await this.#move(received);
    }
  }

  /** @returns the gateway that the n-th transaction from now on has just been sent to */
  whenSent(nth: number): Promise<string> {
    return new Promise((reached) => {
      this.#countdown = { left: nth, reached };
    });
  }

  finish(): void {
    this.#isFinished = true;
  }

  async #receive(): Promise<readonly Received[]> {
    const max = 1 + Math.floor(Math.random() * 10);
    const options = { max, leaseSeconds, waitSeconds: 1 };
    const ending = await send('POST', `${this.#gateways.pick()}/v1/queues/a/messages/receive`, options);
    if (ending.kind !== 'answered') return [];
    return (ending.body as { messages: Received[] }).messages;
  }

  /** Acks in A and publishes to B, again and again until it is known what came of it. */
  async #move(received: readonly Received[]): Promise<void> {
    const transaction = {
      transactionId: randomUUID(),
      acks: [{ queue: 'a', receipts: received.map(({ receipt }) => receipt) }],
      publishes: [{ queue: 'b', messages: received.map(({ body }) => ({ body: { from: body } })) }],
    };
    let gateway: string | undefined;
    for (;;) {
      gateway = this.#gateways.pick(gateway);
      const sent = send('POST', `${gateway}/v1/transactions`, transaction, patience());
      this.#count(gateway);
      const ending = await sent;
      if (ending.kind === 'answered') {
        this.#note(ending, received.length);
        return;
      }
      this.tally[ending.kind === 'open' ? 'noAnswer' : 'refused'] += 1;
      await sleep(retryMs);
    }
  }

  #count(gateway: string): void {
    if (this.#countdown === undefined) return;
    this.#countdown.left -= 1;
    if (this.#countdown.left > 0) return;
    this.#countdown.reached(gateway);
    this.#countdown = undefined;
  }

  #note({ status, body }: { status: number; body: unknown }, count: number): void {
    if (status === 409) {
      expect(body).toMatchObject({ code: 'transaction-aborted' });
      this.tally.aborted += 1;
      return;
    }
    this.moved += count;
    this.tally.committed += 1;
    if ((body as { duplicate?: true }).duplicate === true) this.tally.repeatedAndCommitted += 1;
  }
}

/** What must succeed, at a gateway that is not being killed. */
async function call(method: string, url: string, body?: object): Promise<unknown> {
  const ending = await send(method, url, body);
  if (ending.kind !== 'answered' || ending.status >= 300) throw new Error(JSON.stringify(ending));
  return ending.body;
}

/** Takes everything out of a queue that is ready. */
async function drain(queue: string): Promise<unknown[]> {
  const bodies: unknown[] = [];
  for (;;) {
    const options = { max: 100, autoAck: true };
    const answer = (await call('POST', `${queue}/messages/receive`, options)) as { messages: Received[] };
    if (answer.messages.length === 0) return bodies;
    bodies.push(...answer.messages.map(({ body }) => body));
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
      const pipeline = new Pipeline(gateways);
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
