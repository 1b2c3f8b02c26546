/**
 * Workers that move values from one queue to another by transactions: each receives some, and acks them there and
 * publishes them here in one step, sent again with its id until it is known what came of it.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Received } from './queue-client.ts';

export interface PipelineOptions {
  readonly from: string;
  readonly to: string;
  /** So that what a killed gateway had leased comes back soon. */
  readonly leaseSeconds: number;
  /** A gateway to ask, and rather not the one that was just tried. */
  readonly pick: (tried?: string) => string;
  /** Most messages that a worker receives at once. */
  readonly batchMax?: number;
  /** Share of the transactions whose worker hangs up within 20 ms. */
  readonly impatient?: number;
}

/** Counted so that a test shows what it has been through. */
export interface PipelineTally {
  committed: number;
  repeatedAndCommitted: number;
  aborted: number;
  noAnswer: number;
  refused: number;
}

/** What came of a request: `open` when nobody knows whether it took effect. */
export type SentEnding =
  | { readonly kind: 'answered'; readonly status: number; readonly body: unknown }
  | { readonly kind: 'refused' }
  | { readonly kind: 'open' };

/** Between attempts, so that an outage is not a busy loop. */
const retryMs = 20;
const impatienceMs = 20;

export class TransactionPipeline {
  readonly tally: PipelineTally = {
    committed: 0,
    repeatedAndCommitted: 0,
    aborted: 0,
    noAnswer: 0,
    refused: 0,
  };
  /** How many values have been told to have arrived. */
  moved = 0;
  readonly #options: PipelineOptions;
  #isFinished = false;
  #countdown: { left: number; readonly reached: (gateway: string) => void } | undefined;

  constructor(options: PipelineOptions) {
    this.#options = options;
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
    const { pick, from, leaseSeconds, batchMax = 10 } = this.#options;
    const max = 1 + Math.floor(Math.random() * batchMax);
    const options = { max, leaseSeconds, waitSeconds: 1 };
    const ending = await send('POST', `${pick()}/v1/queues/${from}/messages/receive`, options);
    if (ending.kind !== 'answered') return [];
    return (ending.body as { messages: Received[] }).messages;
  }

  async #move(received: readonly Received[]): Promise<void> {
    const { pick, from, to } = this.#options;
    const transaction = {
      transactionId: randomUUID(),
      acks: [{ queue: from, receipts: received.map(({ receipt }) => receipt) }],
      publishes: [{ queue: to, messages: received.map(({ body }) => ({ body: { from: body } })) }],
    };
    let gateway: string | undefined;
    for (;;) {
      gateway = pick(gateway);
      const sent = send('POST', `${gateway}/v1/transactions`, transaction, this.#patience());
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

  /** Some workers hang up early, and do not know any more than when the gateway is killed. */
  #patience(): AbortSignal | undefined {
    const { impatient = 0 } = this.#options;
    if (Math.random() >= impatient) return undefined;
    return AbortSignal.timeout(Math.ceil(Math.random() * impatienceMs));
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
      const { code } = body as { code?: string };
      if (code !== 'transaction-aborted') throw new Error(`unexpected problem: ${JSON.stringify(body)}`);
      this.tally.aborted += 1;
      return;
    }
    this.moved += count;
    this.tally.committed += 1;
    if ((body as { duplicate?: true }).duplicate === true) this.tally.repeatedAndCommitted += 1;
  }
}

/** Sends one request, once. Throws for an answer that no client of the contract has to expect here. */
export async function send(
  method: string,
  url: string,
  body?: object,
  signal?: AbortSignal,
): Promise<SentEnding> {
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
  // 502 is a load balancer's.
  if (status === 502 || status === 504) return { kind: 'open' };
  if (status === 429 || status === 503) return { kind: 'refused' };
  if (status >= 300 && status !== 409) throw new Error(`unexpected answer ${status}: ${text}`);
  return { kind: 'answered', status, body: text === '' ? undefined : JSON.parse(text) };
}

/** What must succeed, at a gateway that is well. */
export async function call(method: string, url: string, body?: object): Promise<unknown> {
  const ending = await send(method, url, body);
  if (ending.kind !== 'answered' || ending.status >= 300) throw new Error(JSON.stringify(ending));
  return ending.body;
}

/** Takes everything out of a queue that is ready. */
export async function drain(queueUrl: string): Promise<unknown[]> {
  const bodies: unknown[] = [];
  for (;;) {
    const options = { max: 100, autoAck: true };
    const answer = (await call('POST', `${queueUrl}/messages/receive`, options)) as { messages: Received[] };
    if (answer.messages.length === 0) return bodies;
    bodies.push(...answer.messages.map(({ body }) => body));
  }
}
