/** Puts values into the pipeline's first queue, each once: sent again with its dedupId until it is known to be there. */
import { setTimeout as sleep } from 'node:timers/promises';
import { send } from '../test/support/transaction-pipeline.ts';

const pauseMs = 200;
const retryMs = 20;
const valuesPerPublish = 5;

export class ValueFeed {
  readonly values: string[] = [];
  readonly #queue: string;
  readonly #pick: (tried?: string) => string;
  #isFinished = false;

  constructor(queue: string, pick: (tried?: string) => string) {
    this.#queue = queue;
    this.#pick = pick;
  }

  /** Until `finish` is called. */
  async work(): Promise<void> {
    while (!this.#isFinished) {
      const from = this.values.length;
      const values = Array.from({ length: valuesPerPublish }, (_, index) => `value-${from + index}`);
      await this.#publish(values);
      this.values.push(...values);
      await sleep(pauseMs);
    }
  }

  finish(): void {
    this.#isFinished = true;
  }

  async #publish(values: readonly string[]): Promise<void> {
    const messages = values.map((value) => ({ body: value, dedupId: value }));
    let gateway: string | undefined;
    for (;;) {
      gateway = this.#pick(gateway);
      const ending = await send('POST', `${gateway}/v1/queues/${this.#queue}/messages`, { messages });
      if (ending.kind === 'answered') return;
      await sleep(retryMs);
    }
  }
}
