/**
 * The schedule of one incarnation at this gateway: putting messages into it, and moving what is due into the log.
 *
 * Whoever needs what is due moves it: nobody is in charge. A move deletes the scheduled entries and appends their
 * messages in one commit, under the version of the schedule's node, so that two gateways never move the same. While
 * the incarnation is in use here, that node is watched and a timer runs to the next instant; whoever is about to
 * answer that there is nothing reads it once more.
 */

import { AGAIN, attemptUntilDone } from '../commit/optimistic.ts';
import { type CommitPart, commitParts } from '../commit/parts.ts';
import { readThrough } from '../commit/read-through.ts';
import type { CallSignal } from '../model/call-signal.ts';
import { messageId, type PackableMessage } from '../model/entry.ts';
import { afterwards } from '../model/errors.ts';
import {
  bucketOf,
  EMPTY_SCHEDULE,
  type ScheduleState,
  scheduledPrefix,
  scheduledSlots,
  withScheduled,
} from '../model/schedule.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { scheduledPath } from '../zookeeper/paths.ts';
import { ANY_VERSION, StoreError, type Write } from '../zookeeper/store.ts';
import { findDue } from './due-messages.ts';
import type { EntryCache } from './entry-cache.ts';
import { KnownNodes } from './known-nodes.ts';
import { LevelEntries } from './level-entries.ts';
import { ScheduleNode } from './schedule-node.ts';
import type { Topic } from './topic.ts';
import { guardOf } from './topic-guard.ts';

const TOKEN_CHARACTERS = 12;
/** A timer does not run longer than this; it looks again then. */
const TIMER_MS_MAX = 3_600_000;

export interface ScheduledMessage {
  readonly dueMs: number;
  readonly message: PackableMessage;
}

export class Schedule {
  readonly #runtime: Runtime;
  readonly #topic: Topic;
  readonly #cache: EntryCache;
  readonly #known = new KnownNodes();
  readonly #node: ScheduleNode;
  #stale = true;
  #watching = false;
  #moving: Promise<void> | undefined;
  #cancelTimer = () => {};
  #closed = false;
  readonly #watch = () => {
    this.#watching = false;
    this.#stale = true;
    this.#look();
  };

  constructor(runtime: Runtime, topic: Topic, cache: EntryCache) {
    this.#runtime = runtime;
    this.#topic = topic;
    this.#cache = cache;
    this.#node = new ScheduleNode(runtime.store, scheduledPath(topic.id));
  }

  /** What waits, as of the last reading. */
  get state(): ScheduleState {
    return this.#node.state;
  }

  /** Counts the changes of the schedule, as of the last reading. */
  get changes(): number {
    return this.#node.state.changes;
  }

  /** Begins to follow the schedule. Returns at once. */
  follow(): void {
    if (!this.#watching) this.#look();
  }

  close(): void {
    this.#closed = true;
    this.#cancelTimer();
  }

  markStale(): void {
    this.#stale = true;
  }

  /**
   * The part of a commit that schedules messages.
   *
   * @returns the part, and the messages' ids in order. Rejects with a StoreError.
   */
  async prepare(scheduled: readonly ScheduledMessage[]): Promise<{ part: CommitPart; ids: string[] }> {
    if (this.#stale) await this.#read();
    const publishedAtMs = Math.round(this.#runtime.store.now());
    const byDue = new Map<number, PackableMessage[]>();
    const ids: string[] = [];
    const tokens = new Map<number, string>();
    for (const { dueMs, message } of scheduled) {
      const together = byDue.get(dueMs) ?? [];
      if (together.length === 0) tokens.set(dueMs, this.#runtime.random.token(TOKEN_CHARACTERS));
      byDue.set(dueMs, together);
      const id = messageId(tokens.get(dueMs) as string, together.length);
      ids.push(id);
      together.push({
        ...message,
        moved: { id, publishedAtMs, ...message.moved, scheduledBy: this.#node.nextChange },
      });
    }
    const entries: Write[] = [];
    const created = new Set<string>();
    let state = this.#node.state;
    for (const [dueMs, messages] of byDue) {
      const { hour, minute } = bucketOf(dueMs);
      const bytes = messages.reduce((sum, message) => sum + message.body.length, 0);
      const parent = `${this.#node.top}/${hour}/${minute}`;
      const prefix = scheduledPrefix(dueMs, messages.length, bytes, tokens.get(dueMs) as string);
      entries.push(...this.#known.creations([this.#node.top, `${this.#node.top}/${hour}`, parent], created), {
        kind: 'create',
        path: `${parent}/${prefix}`,
        data: this.#cache.encode(messages, publishedAtMs),
        sequential: true,
      });
      state = withScheduled(state, dueMs, messages.length, bytes);
    }
    const first = { dueMs: scheduled[0]?.dueMs ?? 0 };
    const token = tokens.get(first.dueMs) as string;
    const top = this.#node.top;
    const part = this.#part([...this.#node.writes(state), ...entries], state, created, async () => {
      const { hour, minute } = bucketOf(first.dueMs);
      const listing = await this.#runtime.store.list(`${top}/${hour}/${minute}`);
      // Gone may mean that it was due and has been moved.
      if (listing === undefined || first.dueMs <= this.#runtime.store.now()) return undefined;
      return scheduledSlots(listing.children).some((slot) => slot.token === token);
    });
    return { part, ids };
  }

  /**
   * Drops everything that waits.
   *
   * @param onOld given what is to be removed
   * @returns whether there was anything. Throws BrokerError
   */
  async clear(onOld: (path: string) => void): Promise<boolean> {
    let cleared = false;
    return attemptUntilDone(this.#runtime, async (signal) => {
      await readThrough(this.#runtime, signal, async () => {
        await this.#runtime.store.barrier();
        await this.#read();
      });
      if (!this.#node.exists) return cleared;
      const state = { ...EMPTY_SCHEDULE, epoch: this.#node.state.epoch + 1 };
      if (this.#node.state.messages > 0) {
        // A gateway that has begun another epoch meanwhile has dropped the same messages.
        const part = this.#part(this.#node.writes(state), state, new Set(), async () => {
          return (await this.#node.peek()).state.epoch >= state.epoch;
        });
        const outcome = await commitParts(this.#runtime, [part], signal);
        cleared ||= outcome === 'applied';
        if (this.#stale) return AGAIN;
      }
      const list = () => this.#runtime.store.list(this.#node.path);
      const read = () => readThrough(this.#runtime, signal, list);
      const listing = await (cleared ? afterwards(read) : read());
      for (const epoch of listing?.children ?? []) {
        if (Number(epoch) < this.#node.state.epoch) onOld(`${this.#node.path}/${epoch}`);
      }
      return cleared;
    });
  }

  /**
   * Moves all that is due into the log. Concurrent callers share; one that comes later gets a look of its own.
   * Rejects with a StoreError; throws BrokerError.
   *
   * @param certain read the schedule even if no change is known
   */
  async moveDue(certain: boolean): Promise<void> {
    while (this.#moving !== undefined) await this.#moving.catch(() => {});
    if (certain) this.#stale = true;
    this.#moving = this.#moveAll().finally(() => {
      this.#moving = undefined;
    });
    return this.#moving;
  }

  async #moveAll(): Promise<void> {
    try {
      while ((await attemptUntilDone(this.#runtime, (signal) => this.#moveSome(signal))) === 'moved');
    } finally {
      this.#setTimer();
    }
  }

  /** One attempt to move as much as one commit takes. A large backlog takes many, and each has a request's time. */
  async #moveSome(signal: CallSignal): Promise<'moved' | 'nothing-due' | typeof AGAIN> {
    if (this.#stale) await this.#read();
    const { nextMs } = this.#node.state;
    if (nextMs === null || nextMs > this.#runtime.store.now()) return 'nothing-due';
    const parts = await this.#prepareMove();
    return (await commitParts(this.#runtime, parts, signal)) === 'applied' ? 'moved' : AGAIN;
  }

  /** A commit that moves some of what is due, or only corrects the time of the next. */
  async #prepareMove(): Promise<CommitPart[]> {
    const { store } = this.#runtime;
    const step = await findDue(store, this.#cache, this.#node.top, this.#node.state);
    const { messages, removed, state } = step;
    const deletes = removed.map((path): Write => ({ kind: 'delete', path, version: ANY_VERSION }));
    // Without messages nothing is lost by trying again, should it look as if it had not been done.
    const didApply = () => this.#node.hasChanged();
    const part = this.#part([...this.#node.writes(state), ...deletes], state, new Set(), didApply);
    const removal: CommitPart = {
      ...part,
      applied: (results) => {
        part.applied(results);
        this.#known.forget();
      },
    };
    if (messages.length === 0) return [removal];
    const guard = guardOf(this.#topic);
    const entries = await LevelEntries.prepare(this.#runtime, this.#topic, this.#cache, messages);
    // The messages tell for certain, so they are asked first.
    return [guard, entries, removal];
  }

  #part(
    writes: readonly Write[],
    state: ScheduleState,
    created: ReadonlySet<string>,
    didApply?: () => Promise<boolean | undefined>,
  ): CommitPart {
    return {
      writes,
      ...(didApply === undefined ? {} : { didApply }),
      applied: (results) => {
        if (!this.#node.adopt(state, results)) {
          this.#stale = true;
          return;
        }
        this.#known.note(created);
        this.#setTimer();
      },
      conflicted: (index, reason) => {
        this.#stale = true;
        const path = writes[index]?.path;
        if (path !== undefined && created.has(path) && reason === 'exists') this.#known.note([path]);
        else this.#known.forget();
      },
      abandoned: () => {
        this.#stale = true;
      },
    };
  }

  async #read(): Promise<void> {
    this.#stale = false;
    this.#watching = true;
    try {
      await this.#node.read({ watch: this.#watch });
    } catch (error) {
      this.#stale = true;
      this.#watching = false;
      throw error;
    }
  }

  /** Moves what is due now, and so learns when to look next. */
  #look(): void {
    if (this.#closed || this.#topic.deleted) return;
    this.moveDue(false).catch((error: unknown) => {
      if (error instanceof StoreError && !this.#closed) {
        this.#cancelTimer();
        this.#cancelTimer = this.#runtime.timers.after(this.#runtime.requestTimeoutMs, () => this.#look());
      }
    });
  }

  #setTimer(): void {
    this.#cancelTimer();
    if (this.#closed || this.#node.state.nextMs === null) return;
    const waitMs = Math.min(
      TIMER_MS_MAX,
      Math.max(1, this.#node.state.nextMs - this.#runtime.store.now() + 1),
    );
    this.#cancelTimer = this.#runtime.timers.after(waitMs, () => this.#look());
  }
}
