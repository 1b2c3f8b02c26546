/**
 * When a queue or topic is full, which a publisher is told as 'queue-full': its `maxMessages` and `maxBytes`.
 *
 * Near a limit this gateway counts what is stored before each commit. The commit also changes one node, whose version
 * was read before the count: of two gateways that publish at once, the second must count again. Far from the limit that
 * would double the cost of publishing for nothing. There a count serves for a moment, together with what this gateway
 * has added since; the distance from the limit covers what others may have added meanwhile.
 */
import type { CommitPart } from '../commit/parts.ts';
import { createVersioned } from '../commit/versioned-node.ts';
import { BrokerError } from '../model/errors.ts';
import type { StorageConfig } from '../model/vocabulary.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { admissionPath } from '../zookeeper/paths.ts';
import type { Write } from '../zookeeper/store.ts';

/** How much is stored, or comes in. */
export interface Amount {
  readonly messages: number;
  readonly bytes: number;
}

/** Room under the limits for one commit. */
export interface Ticket {
  /** Why so many messages and bytes are not taken; undefined when they are. */
  refusal(messages: number, bytes: number): BrokerError | undefined;
  /** To be committed with the messages: the count that it relies on holds no longer if this fails. */
  readonly parts: readonly CommitPart[];
}

/** For a queue or topic without limits. */
export const UNLIMITED: Ticket = { refusal: () => undefined, parts: [] };

/** The part of an incarnation that tells its limits. */
export interface LimitedTopic {
  readonly id: string;
  readonly name: string;
  readonly storage: StorageConfig;
}

const COUNT_GOOD_FOR_MS = 250;
/** Farther than this from a limit, and below half of it, a count that is a little old will do. */
const FAR_MESSAGES = 10_000;
const FAR_BYTES = 64 * 1024 * 1024;

export class QueueLimits {
  readonly #runtime: Runtime;
  readonly #topic: LimitedTopic;
  readonly #count: () => Promise<Amount>;
  /** Ends when all work that has been begun or waits has ended. Never rejects. */
  #turns: Promise<unknown> = Promise.resolve();
  #counted: (Amount & { readonly atMs: number }) | undefined;

  /** @param count counts what is stored now; rejects with a StoreError */
  constructor(runtime: Runtime, topic: LimitedTopic, count: () => Promise<Amount>) {
    this.#runtime = runtime;
    this.#topic = topic;
    this.#count = count;
  }

  get isLimited(): boolean {
    const { maxMessages, maxBytes } = this.#topic.storage;
    return maxMessages !== undefined || maxBytes !== undefined;
  }

  /**
   * Runs `work`, which counts and commits, when no other such work of this gateway is under way. Each commit makes the
   * counts of all others old: of many at once nearly all would count in vain. A caller that needs several turns takes
   * them by `inTurns`, and before it makes a subscription stand still.
   */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (!this.isLimited) return work();
    const result = this.#turns.then(work);
    this.#turns = result.catch(() => {});
    return result;
  }

  /** Rejects with a StoreError; throws BrokerError. Waits for subscriptions: none may stand still for the caller. */
  async begin(): Promise<Ticket> {
    if (!this.isLimited) return UNLIMITED;
    const known = this.#counted;
    const isRecent =
      known !== undefined && this.#runtime.timers.monotonicMs() - known.atMs < COUNT_GOOD_FOR_MS;
    if (isRecent && this.#isFar(known)) return this.#ticket(known, []);
    const path = admissionPath(this.#topic.id);
    const node = await this.#runtime.store.stat(path);
    const counted = await this.#count();
    this.#counted = { ...counted, atMs: this.#runtime.timers.monotonicMs() };
    const writes: Write[] =
      node === undefined
        ? createVersioned(path)
        : [{ kind: 'set', path, data: Buffer.alloc(0), version: node.version }];
    return this.#ticket(counted, [{ writes, applied: () => {}, conflicted: () => {} }]);
  }

  /** What was admitted has been stored. */
  note({ messages, bytes }: Amount): void {
    if (this.#counted === undefined) return;
    this.#counted = {
      ...this.#counted,
      messages: this.#counted.messages + messages,
      bytes: this.#counted.bytes + bytes,
    };
  }

  /** As `inTurn`, for several. They are taken in one order, so that nobody waits in a circle. */
  static inTurns<Result>(limits: Iterable<QueueLimits>, work: () => Promise<Result>): Promise<Result> {
    const ordered = [...limits].sort((a, b) => (a.#topic.id < b.#topic.id ? -1 : 1));
    return ordered.reduceRight((next, limit) => () => limit.inTurn(next), work)();
  }

  #ticket(depth: Amount, parts: readonly CommitPart[]): Ticket {
    return { parts, refusal: (messages, bytes) => this.#refusal(depth, messages, bytes) };
  }

  #isFar(depth: Amount): boolean {
    const { maxMessages = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY } =
      this.#topic.storage;
    const hasMessages = maxMessages - depth.messages > FAR_MESSAGES && depth.messages < maxMessages / 2;
    return hasMessages && maxBytes - depth.bytes > FAR_BYTES && depth.bytes < maxBytes / 2;
  }

  #refusal(depth: Amount, messages: number, bytes: number): BrokerError | undefined {
    const { maxMessages, maxBytes } = this.#topic.storage;
    const isOver = (limit: number | undefined, amount: number) => limit !== undefined && amount > limit;
    const overMessages = isOver(maxMessages, depth.messages + messages);
    if (!overMessages && !isOver(maxBytes, depth.bytes + bytes)) return undefined;
    const limit = overMessages ? `maxMessages (${maxMessages})` : `maxBytes (${maxBytes})`;
    return new BrokerError(
      'queue-full',
      `'${this.#topic.name}' is at its ${limit}. Try again when messages are done.`,
    );
  }
}
