/** A load that does not grow and is not recorded: publish, receive and ack, over and over. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { QueueClient } from '../test/support/queue-client.ts';

const workers = 8;
const pauseMs = 20;

export class SteadyLoad {
  /** Requests that did not succeed; without a fault there is no reason for one. */
  failures = 0;
  done = 0;
  readonly #clients: readonly QueueClient[];
  #isFinished = false;
  #working: Promise<unknown> = Promise.resolve();

  /** @param urls of the gateways, or of nginx before them */
  constructor(urls: readonly string[], queue: string) {
    this.#clients = urls.map((url) => new QueueClient(url, queue));
  }

  async start(): Promise<void> {
    await this.#clients[0]?.create({ leaseSeconds: 30 });
    this.#working = Promise.all(Array.from({ length: workers }, (_, number) => this.#work(number)));
  }

  async stop(): Promise<void> {
    this.#isFinished = true;
    await this.#working;
    await this.#clients[0]?.delete();
    for (const client of this.#clients) client.close();
  }

  async #work(number: number): Promise<void> {
    for (let turn = number; !this.#isFinished; turn += 1) {
      const client = this.#clients[turn % this.#clients.length];
      if (client === undefined) throw new Error('a load needs a gateway');
      const published = await client.publish(randomUUID());
      const received = await client.receive({ waitSeconds: 1 });
      const receipts = received.kind === 'done' ? received.value.messages.map(({ receipt }) => receipt) : [];
      const acked = receipts.length === 0 ? undefined : await client.settle('ack', receipts);
      for (const ending of [published, received, acked]) {
        if (ending === undefined) continue;
        if (ending.kind === 'done') this.done += 1;
        else this.failures += 1;
      }
      await sleep(pauseMs);
    }
  }
}
