/**
 * Producers and consumers on one queue, at all gateways of a list: what they do and are told goes into a history.
 *
 * As real clients do, each moves on to the next gateway when one does not answer as it should. A consumer acks again
 * until it is told an outcome; now and then it gives a message back, keeps it for longer, or goes away with it.
 * A key is published once only, so that what was refused can be told from what was stored.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { History } from './history.ts';
import type { Ending, Outcome, QueueClient, Received, Verb } from './queue-client.ts';
import { waitUntil } from './wait-until.ts';

export interface LoadOptions {
  readonly clients: readonly QueueClient[];
  readonly producers: number;
  readonly consumers: number;
  readonly leaseSeconds: number;
  /** In [0, 1): how often a consumer does something else with a message than to ack it. */
  readonly mischief?: number;
  /** Where it is recorded; a history of its own when left out. */
  readonly history?: History;
  /** Between two publishes of one producer, so that the load is a steady one. */
  readonly pauseMs?: number;
  /** Is told of every request: its start, and with what it returns then, its end. */
  readonly observe?: (gateway: string) => (ending: Ending<unknown>) => void;
}

/** For tests with a load: what they wait for has limits of its own, which say more than a test that took too long. */
export const loadLimits = { timeout: 150_000 };

/** Between attempts of one client, so that an outage is not a busy loop. */
const retryMs = 20;
const waitSeconds = 1;

export class Load {
  readonly history: History;
  /** Of the slowest request, its long poll's waiting not included. */
  slowestMs = 0;
  /** Problems that requests were answered with, by code. */
  readonly problems = new Map<string, number>();
  readonly #options: LoadOptions;
  readonly #running: Promise<void>[] = [];
  #producing = true;
  #consuming = true;
  #failure: unknown;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.history = options.history ?? new History();
  }

  start(): void {
    const { producers, consumers } = this.#options;
    for (let number = 0; number < producers; number += 1) this.#keep(this.#produce(number));
    for (let number = 0; number < consumers; number += 1) this.#keep(this.#consume(number));
  }

  /** Waits until so many more messages have been stored, and as many acks confirmed, than by now. */
  async whenMore(count: number, limitMs = 90_000): Promise<void> {
    const { stored, acked } = this.#progress();
    const goal = { stored: stored + count, acked: acked + count };
    await waitUntil(
      () => {
        this.#throwFailure();
        const now = this.#progress();
        return now.stored >= goal.stored && now.acked >= goal.acked;
      },
      `${count} more messages are stored and acked`,
      limitMs,
    );
  }

  /** Ends the producers, waits until everything stored is acked and the queue is empty, and ends the consumers. */
  async finish(limitMs = 90_000): Promise<void> {
    this.#producing = false;
    const [client] = this.#options.clients.slice(-1);
    const isEmpty = async () => (await client?.statsIfTold())?.messages === 0;
    const isFinished = async () => {
      this.#throwFailure();
      return this.history.unfinished.size === 0 && (await isEmpty());
    };
    try {
      await waitUntil(isFinished, 'everything is acked and the queue is empty', limitMs);
    } finally {
      await this.stop();
    }
    this.#throwFailure();
  }

  async stop(): Promise<void> {
    this.#producing = false;
    this.#consuming = false;
    await Promise.all(this.#running);
  }

  #progress(): { stored: number; acked: number } {
    const { stored = 0, acksConfirmed = 0 } = this.history.summary();
    return { stored, acked: acksConfirmed };
  }

  #keep(running: Promise<void>): void {
    this.#running.push(
      running.catch((error: unknown) => {
        this.#failure ??= error;
      }),
    );
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #produce(number: number): Promise<void> {
    let turn = number;
    for (let message = 0; this.#producing; message += 1) {
      const key = `${number}-${message}`;
      const client = this.#client(turn);
      const ending = await this.history.publish(key, () => this.#timed(client, () => client.publish(key)));
      if (this.#options.pauseMs !== undefined) await sleep(this.#options.pauseMs);
      if (ending.kind === 'done') continue;
      turn += 1;
      await sleep(retryMs);
    }
  }

  async #consume(number: number): Promise<void> {
    const { leaseSeconds, mischief = 0 } = this.#options;
    let turn = number;
    let piggybacked: readonly string[] = [];
    while (this.#consuming) {
      const askedMs = Date.now();
      const client = this.#client(turn);
      const ack = piggybacked;
      const ending = await this.#timed(
        client,
        () =>
          client.receive({
            max: 4,
            waitSeconds,
            leaseSeconds,
            ...(ack.length > 0 ? { ack } : {}),
          }),
        waitSeconds * 1000,
      );
      piggybacked = [];
      if (ack.length > 0) this.#notePiggybacked(ack, ending, askedMs);
      if (ending.kind !== 'done') {
        turn += 1;
        if (ack.length > 0) await this.#settle('ack', ack, turn);
        await sleep(retryMs);
        continue;
      }
      const { messages } = ending.value;
      this.history.noteDeliveries(messages, askedMs, leaseSeconds);
      if (messages.length === 0) continue;
      const other = Math.random() < mischief;
      // The last ones are acked, or the queue would never be empty.
      if (other && this.#producing) await this.#misbehave(messages, turn);
      else if (Math.random() < 0.5) piggybacked = messages.map(({ receipt }) => receipt);
      else await this.#settle('ack', receiptsOf(messages), this.#anyTurn());
    }
    if (piggybacked.length > 0) await this.#settle('ack', piggybacked, turn);
  }

  #notePiggybacked(
    ack: readonly string[],
    ending: Ending<{ acked?: readonly Outcome[] }>,
    askedMs: number,
  ): void {
    const acked: Ending<readonly Outcome[]> =
      ending.kind === 'done' ? { kind: 'done', value: ending.value.acked ?? [] } : ending;
    this.history.noteSettles('ack', ack, acked, askedMs);
  }

  async #misbehave(messages: readonly Received[], turn: number): Promise<void> {
    const receipts = receiptsOf(messages);
    const kind = Math.random();
    if (kind < 0.4) await this.#settle('nack', receipts, this.#anyTurn(), 1);
    else if (kind < 0.7) {
      const leaseSeconds = this.#options.leaseSeconds + 3;
      await this.#settle('extend', receipts, turn, 1, { leaseSeconds });
      await this.#settle('ack', receipts, this.#anyTurn());
    }
    // Else it goes away, and the leases end by their time.
  }

  /** At another gateway each time, until it is told an outcome. */
  async #settle(
    verb: Verb,
    receipts: readonly string[],
    firstTurn: number,
    attempts = Number.POSITIVE_INFINITY,
    options: { leaseSeconds?: number } = {},
  ): Promise<void> {
    for (let turn = firstTurn; turn < firstTurn + attempts; turn += 1) {
      const askedMs = Date.now();
      const client = this.#client(turn);
      const ending = await this.#timed(client, () => client.settle(verb, receipts, options));
      const leaseMs = options.leaseSeconds === undefined ? undefined : options.leaseSeconds * 1000;
      this.history.noteSettles(verb, receipts, ending, askedMs, leaseMs);
      if (ending.kind === 'done') return;
      await sleep(retryMs);
    }
  }

  async #timed<Value>(
    client: QueueClient,
    send: () => Promise<Ending<Value>>,
    waitingMs = 0,
  ): Promise<Ending<Value>> {
    const startMs = performance.now();
    const ended = this.#options.observe?.(client.gateway);
    const ending = await send();
    ended?.(ending);
    const { code = undefined } = (ending.kind === 'done' ? undefined : ending.problem) ?? {};
    const isWaiting = code === undefined ? waitingMs : 0;
    this.slowestMs = Math.max(this.slowestMs, performance.now() - startMs - isWaiting);
    if (ending.kind !== 'done') {
      const name = code ?? 'no answer';
      this.problems.set(name, (this.problems.get(name) ?? 0) + 1);
    }
    return ending;
  }

  #client(turn: number): QueueClient {
    const { clients } = this.#options;
    const client = clients[turn % clients.length];
    if (client === undefined) throw new Error('a load needs at least one gateway');
    return client;
  }

  #anyTurn(): number {
    return Math.floor(Math.random() * this.#options.clients.length);
  }
}

function receiptsOf(messages: readonly Received[]): string[] {
  return messages.map(({ receipt }) => receipt);
}
