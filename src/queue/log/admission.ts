/**
 * Whether a queue or topic takes more messages: `maxMessages` and `maxBytes`.
 *
 * Near a limit the depth is counted exactly, behind a barrier, before each commit. Far from it, counting every time
 * would double the cost of publishing, so a count is good for a while, together with what this gateway has added
 * since; the distance covers what others may have added in that time.
 */
import { BrokerError } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
import type { Topic } from '../topics/topic.ts';
import type { OutgoingMessage } from './append-plan.ts';

export interface Depth {
  readonly messages: number;
  readonly bytes: number;
}

const COUNT_GOOD_FOR_MS = 250;
/** Farther than this from a limit, and below half of it, a count that is a little old will do. */
const FAR_MESSAGES = 10_000;
const FAR_BYTES = 64 * 1024 * 1024;

export class Admission {
  readonly #runtime: Runtime;
  readonly #topic: Topic;
  readonly #count: () => Promise<Depth>;
  #counted: (Depth & { readonly atMs: number }) | undefined;

  /** @param count counts what is stored now; rejects with a StoreError */
  constructor(runtime: Runtime, topic: Topic, count: () => Promise<Depth>) {
    this.#runtime = runtime;
    this.#topic = topic;
    this.#count = count;
  }

  /** Why so many messages and bytes more are not taken; undefined when they are. */
  async refusal(messages: number, bytes: number): Promise<BrokerError | undefined> {
    const { maxMessages, maxBytes } = this.#topic.storage;
    if (maxMessages === undefined && maxBytes === undefined) return undefined;
    const room = (depth: Depth) => ({
      messages: (maxMessages ?? Number.POSITIVE_INFINITY) - depth.messages - messages,
      bytes: (maxBytes ?? Number.POSITIVE_INFINITY) - depth.bytes - bytes,
    });
    const known = this.#counted;
    if (known !== undefined && this.#runtime.timers.monotonicMs() - known.atMs < COUNT_GOOD_FOR_MS) {
      const left = room(known);
      const isFar =
        left.messages > Math.max(FAR_MESSAGES, (maxMessages ?? 0) / 2) &&
        left.bytes > Math.max(FAR_BYTES, (maxBytes ?? 0) / 2);
      if (isFar) return undefined;
    }
    const counted = await this.#count();
    this.#counted = { ...counted, atMs: this.#runtime.timers.monotonicMs() };
    const left = room(counted);
    if (left.messages >= 0 && left.bytes >= 0) return undefined;
    const limit = left.messages < 0 ? `maxMessages (${maxMessages})` : `maxBytes (${maxBytes})`;
    return new BrokerError(
      'queue-full',
      `'${this.#topic.name}' is at its ${limit}. Try again when messages are done.`,
    );
  }

  noteAppended(outgoing: readonly OutgoingMessage[]): void {
    if (this.#counted === undefined) return;
    const bytes = outgoing.reduce((sum, { message }) => sum + message.body.length, 0);
    this.#counted = {
      ...this.#counted,
      messages: this.#counted.messages + outgoing.length,
      bytes: this.#counted.bytes + bytes,
    };
  }
}
