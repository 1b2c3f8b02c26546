/**
 * Group commit: one appender for each incarnation and gateway.
 *
 *     idle --request--> committing --> next batch (all that arrived meanwhile) --> … --> idle
 *
 * Nothing waits for a timer: a request that finds the appender idle is sent at once, and those that arrive while a
 * write is under way become the next batch together. One request never spans two commits.
 */

import { AGAIN, attemptUntilDone } from '../commit/optimistic.ts';
import { type CommitPart, commitParts, roomBeside, tooLarge } from '../commit/parts.ts';
import { Pending } from '../commit/pending.ts';
import { readThrough } from '../commit/read-through.ts';
import type { Amount, QueueLimits } from '../limits/queue-full.ts';
import type { CallSignal } from '../model/call-signal.ts';
import type { PublishedMessage } from '../model/vocabulary.ts';
import { type AppendTarget, amountOf, assertFits, type OutgoingMessage, planAppend } from './append-plan.ts';

interface AppendRequest {
  readonly outgoing: readonly OutgoingMessage[];
  readonly packedBytes: number;
  readonly pending: Pending<PublishedMessage[]>;
}

/**
 * What is put into one write when it has gathered, unless one request alone is larger. A server keeps the last 500
 * transactions in memory, at about three times their size: larger writes would cost its heap more than they save.
 */
const GROUP_BYTES_MAX = 256 * 1024;

/** One request of the API may have so many; more in one entry would make segments and pages needlessly large. */
const BATCH_MESSAGES_MAX = 1000;

export class Appender {
  readonly #target: AppendTarget;
  readonly #limits: QueueLimits;
  #queue: AppendRequest[] = [];
  #running = false;

  constructor(target: AppendTarget, limits: QueueLimits) {
    this.#target = target;
    this.#limits = limits;
  }

  /**
   * Stores the messages in one atomic write.
   *
   * @returns their ids, in order
   * @throws BrokerError
   */
  async append(outgoing: readonly OutgoingMessage[], signal: CallSignal): Promise<PublishedMessage[]> {
    const packedBytes = assertFits(outgoing);
    const { timers, requestTimeoutMs, load, dataLimit } = this.#target.runtime;
    const leaveQueue = load.queue(packedBytes);
    try {
      await dataLimit?.admit(packedBytes);
    } catch (error) {
      leaveQueue();
      throw error;
    }
    const pending = new Pending<PublishedMessage[]>(timers, requestTimeoutMs, signal, leaveQueue);
    this.#queue.push({ outgoing, packedBytes, pending });
    if (!this.#running) void this.#run();
    return pending.promise;
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) {
      try {
        await this.#limits.inTurn(() => this.#commit(batch));
      } catch (error) {
        for (const request of batch) request.pending.fail(error as Error);
      }
      await this.#target.roller.roll();
    }
    this.#running = false;
  }

  #take(): AppendRequest[] {
    const batch: AppendRequest[] = [];
    let bytes = 0;
    let count = 0;
    this.#queue = this.#queue.filter((request) => request.pending.open);
    for (const request of this.#queue) {
      bytes += request.packedBytes;
      count += request.outgoing.length;
      if (batch.length > 0 && (bytes > GROUP_BYTES_MAX || count > BATCH_MESSAGES_MAX)) break;
      batch.push(request);
    }
    this.#queue = this.#queue.slice(batch.length);
    return batch;
  }

  /** Tries until the batch is stored, or nobody waits for it any more. */
  #commit(batch: readonly AppendRequest[]): Promise<void> {
    return attemptUntilDone(this.#target.runtime, (signal) => this.#attempt(batch, signal));
  }

  async #attempt(batch: readonly AppendRequest[], signal: CallSignal): Promise<typeof AGAIN | undefined> {
    const { runtime } = this.#target;
    const { parts, admitted } = await readThrough(runtime, signal, () => this.#admit(batch));
    const live = batch.filter((request) => request.pending.open);
    if (live.length === 0) return undefined;
    const outgoing = live.flatMap((request) => request.outgoing);
    const plan = await readThrough(runtime, signal, () => planAppend(this.#target, outgoing));
    // A client that was refused while the plan was made must not find its messages stored.
    if (live.some((request) => !request.pending.open)) return AGAIN;
    const all = plan.parts.length === 0 ? [] : [...plan.parts, ...parts];
    const roomBytes = roomBeside(runtime, all);
    if (roomBytes < 0) {
      await this.#commitInTwo(live);
      return undefined;
    }
    for (const request of live) request.pending.markSent();
    const handOff = plan.entries && this.#target.handOff(plan.entries, roomBytes);
    if (handOff !== undefined) all.push(handOff);
    if (all.length > 0 && (await commitParts(runtime, all, signal)) !== 'applied') {
      for (const request of live) request.pending.markQueued();
      return AGAIN;
    }
    this.#limits.note(admitted);
    if (all.length > 0) this.#count(live);
    this.#answer(live, plan.answers);
    return undefined;
  }

  /** What takes more than was thought, such as many dedupIds below a long chroot. One request is never divided. */
  async #commitInTwo(batch: readonly AppendRequest[]): Promise<void> {
    if (batch.length === 1) throw tooLarge();
    const half = Math.ceil(batch.length / 2);
    for (const part of [batch.slice(0, half), batch.slice(half)]) {
      try {
        await this.#commit(part);
      } catch (error) {
        for (const request of part) request.pending.fail(error as Error);
      }
    }
  }

  /** Refuses those requests of the batch that would exceed the configured limits. */
  async #admit(batch: readonly AppendRequest[]): Promise<{ parts: readonly CommitPart[]; admitted: Amount }> {
    const admitted = { messages: 0, bytes: 0 };
    if (!this.#limits.isLimited) return { parts: [], admitted };
    const ticket = await this.#limits.begin();
    for (const request of batch.filter(({ pending }) => pending.open)) {
      const { messages, bytes } = await amountOf(this.#target, request.outgoing);
      const refusal = ticket.refusal(admitted.messages + messages, admitted.bytes + bytes);
      // What changes nothing is never too much.
      if (refusal !== undefined && messages > 0) {
        request.pending.fail(refusal);
        continue;
      }
      admitted.messages += messages;
      admitted.bytes += bytes;
    }
    return { parts: ticket.parts, admitted };
  }

  #count(live: readonly AppendRequest[]): void {
    const { counts } = this.#target.runtime;
    let [messages, bytes] = [0, 0];
    for (const request of live) {
      messages += request.outgoing.length;
      bytes += request.packedBytes;
    }
    counts.appendRequests.add(live.length);
    counts.appendMessages.add(messages);
    counts.appendBytes.add(bytes);
  }

  #answer(live: readonly AppendRequest[], answers: readonly PublishedMessage[]): void {
    let from = 0;
    for (const request of live) {
      const until = from + request.outgoing.length;
      request.pending.settle(answers.slice(from, until));
      from = until;
    }
  }
}
