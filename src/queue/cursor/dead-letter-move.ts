/**
 * A dead letter's move. This file makes the parts of a commit that append dead messages to the dead-letter queue. The
 * commit itself is `commitParts(…, [part, ...dead], …)` in `round.ts`: it also takes the messages out of the subscription's
 * cursor, so each is always in exactly one place. Without a dead-letter queue they are dropped, and counted.
 */

import type { CommitPart } from '../commit/parts.ts';
import type { EntryCache } from '../log/entry-cache.ts';
import { LevelEntries } from '../log/level-entries.ts';
import { packable } from '../log/moved-messages.ts';
import { subscriptionRef, type Topic } from '../log/topic.ts';
import { guardOf } from '../log/topic-guard.ts';
import type { Dead } from '../model/cursor-draft.ts';
import { BrokerError } from '../model/errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { CursorState } from './cursor-state.ts';

export class DeadLetters {
  readonly #runtime: Runtime;
  readonly #cache: EntryCache;
  readonly #findQueue: (name: string) => Promise<Topic | undefined>;

  /** @param findQueue finds the incarnation behind a dead-letter queue's name */
  constructor(runtime: Runtime, cache: EntryCache, findQueue: (name: string) => Promise<Topic | undefined>) {
    this.#runtime = runtime;
    this.#cache = cache;
    this.#findQueue = findQueue;
  }

  /** The parts that append the dead, for the commit that takes them out of the cursor. Rejects with a StoreError. */
  async parts(state: CursorState, dead: readonly Dead[]): Promise<CommitPart[]> {
    if (dead.length === 0) return [];
    const name = state.delivery.deadLetterQueue;
    for (;;) {
      const queue = name === undefined ? undefined : await this.#findQueue(name);
      try {
        return await this.#partsTo(queue, state, dead);
      } catch (error) {
        // Another gateway has taken the queue out of the configuration and deleted it meanwhile. Its name stands for nothing
        // now, or for another queue. The commit checks the configuration, and so it finds out.
        if (!(error instanceof BrokerError) || queue?.deleted !== true) throw error;
      }
    }
  }

  async #partsTo(queue: Topic | undefined, state: CursorState, dead: readonly Dead[]): Promise<CommitPart[]> {
    const source = subscriptionRef(state.topic, state.name);
    const counts = this.#runtime.counts.of(source);
    if (queue === undefined) {
      const applied = () => {
        counts.dropped += dead.length;
      };
      return [{ writes: [], applied, conflicted: () => {} }];
    }
    const atMs = Math.round(this.#runtime.store.now());
    const messages = dead.map(({ message, reason, detail, deliveries }) =>
      packable(message, {
        deadLetter: { source, reason, ...(detail === undefined ? {} : { detail }), deliveries, atMs },
        onlyFor: undefined,
        expires: false,
      }),
    );
    const guard = guardOf(queue);
    const entries = await LevelEntries.prepare(this.#runtime, queue, this.#cache, messages);
    const counted: CommitPart = {
      writes: entries.writes,
      applied: (results) => {
        entries.applied(results);
        counts.deadLettered += dead.length;
      },
      conflicted: (index) => entries.conflicted(index),
    };
    return [guard, counted];
  }
}
