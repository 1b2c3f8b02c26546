/**
 * The schedule of one incarnation at this gateway: putting messages into it, and moving what is due into the log.
 *
 * Whoever needs what is due moves it: nobody is in charge. A move deletes the scheduled entries and appends their
 * messages in one commit, under the version of the schedule's node, so that two gateways never move the same. While
 * the incarnation is in use here, that node is watched and a timer runs to the next instant; whoever is about to
 * answer that there is nothing reads it once more.
 */
import { type CommitPart, commitParts } from '../commit-parts.ts';
import { messageId, type PackableMessage } from '../model/entry.ts';
import {
  bucketOf,
  decodeSchedule,
  EMPTY_SCHEDULE,
  encodeSchedule,
  type ScheduleState,
  scheduledPrefix,
  scheduledSlots,
  withScheduled,
} from '../model/schedule.ts';
import type { Runtime } from '../runtime.ts';
import { deadline, readThrough } from '../settled-commit.ts';
import type { Topic } from '../topics/topic.ts';
import { scheduledPath } from '../zookeeper/paths.ts';
import { ANY_VERSION, StoreError, type Write } from '../zookeeper/store.ts';
import { findDue, readDue } from './due-messages.ts';
import type { EntryCache } from './entry-cache.ts';
import { KnownNodes } from './known-nodes.ts';
import { LevelEntries } from './level-entries.ts';
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
  readonly #root: string;
  readonly #known = new KnownNodes();
  #state: ScheduleState = EMPTY_SCHEDULE;
  /** 0 while the node does not exist. */
  #version = 0;
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
    this.#root = scheduledPath(topic.id);
  }

  /** What waits, as of the last reading. */
  get state(): ScheduleState {
    return this.#state;
  }

  /** Counts the changes of the schedule, as of the last reading. */
  get version(): number {
    return this.#version;
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
      // The node's version after this change; a new node begins at 1.
      together.push({
        ...message,
        moved: { id, publishedAtMs, ...message.moved, scheduledBy: this.#version + 1 },
      });
    }
    const entries: Write[] = [];
    const created = new Set<string>();
    let state = this.#state;
    for (const [dueMs, messages] of byDue) {
      const { hour, minute } = bucketOf(dueMs);
      const bytes = messages.reduce((sum, message) => sum + message.body.length, 0);
      const parent = `${this.#top}/${hour}/${minute}`;
      const prefix = scheduledPrefix(dueMs, messages.length, bytes, tokens.get(dueMs) as string);
      entries.push(...this.#known.creations([this.#top, `${this.#top}/${hour}`, parent], created), {
        kind: 'create',
        path: `${parent}/${prefix}`,
        data: this.#cache.encode(messages, publishedAtMs),
        sequential: true,
      });
      state = withScheduled(state, dueMs, messages.length, bytes);
    }
    const first = { dueMs: scheduled[0]?.dueMs ?? 0 };
    const token = tokens.get(first.dueMs) as string;
    const top = this.#top;
    const part = this.#part([...this.#stateWrites(state), ...entries], state, created, async () => {
      const { hour, minute } = bucketOf(first.dueMs);
      const listing = await this.#runtime.store.list(`${top}/${hour}/${minute}`);
      // Gone may mean that it was due and has been moved.
      if (listing === undefined || first.dueMs <= this.#runtime.store.now()) return undefined;
      return scheduledSlots(listing.children).some((slot) => slot.token === token);
    });
    return { part, ids };
  }

  /** Drops everything that waits. @param onOld given what is to be removed. Rejects with a StoreError. */
  async clear(onOld: (path: string) => void): Promise<void> {
    const { signal, cancel } = deadline(this.#runtime, this.#runtime.requestTimeoutMs);
    try {
      for (;;) {
        await readThrough(this.#runtime, signal, async () => {
          await this.#runtime.store.barrier();
          await this.#read();
        });
        if (this.#version === 0) return;
        const state = { ...EMPTY_SCHEDULE, epoch: this.#state.epoch + 1 };
        if (this.#state.messages > 0) {
          const part = this.#part(this.#stateWrites(state), state, new Set());
          if ((await commitParts(this.#runtime, [part], signal)) !== 'applied') continue;
        }
        const listing = await readThrough(this.#runtime, signal, () => this.#runtime.store.list(this.#root));
        for (const epoch of listing?.children ?? []) {
          if (Number(epoch) < this.#state.epoch) onOld(`${this.#root}/${epoch}`);
        }
        return;
      }
    } finally {
      cancel();
    }
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
    const { store } = this.#runtime;
    const { signal, cancel } = deadline(this.#runtime, this.#runtime.requestTimeoutMs);
    try {
      for (;;) {
        if (this.#stale) await this.#read();
        if (this.#state.nextMs === null || this.#state.nextMs > store.now()) return;
        const parts = await this.#prepareMove();
        await commitParts(this.#runtime, parts, signal);
      }
    } finally {
      cancel();
      this.#setTimer();
    }
  }

  /** A commit that moves some of what is due, or only corrects the time of the next. */
  async #prepareMove(): Promise<CommitPart[]> {
    const { paths, removed, state } = await findDue(this.#runtime.store, this.#top, this.#state);
    const deletes = removed.map((path): Write => ({ kind: 'delete', path, version: ANY_VERSION }));
    const part = this.#part([...this.#stateWrites(state), ...deletes], state, new Set());
    const removal: CommitPart = {
      ...part,
      applied: (results) => {
        part.applied(results);
        this.#known.forget();
      },
    };
    if (paths.length === 0) return [removal];
    const messages = await readDue(this.#cache, paths);
    const entries = await LevelEntries.prepare(this.#runtime, this.#topic, this.#cache, messages);
    return [guardOf(this.#topic), removal, entries];
  }

  /** Where what waits is kept now. */
  get #top(): string {
    return `${this.#root}/${this.#state.epoch}`;
  }

  #stateWrites(state: ScheduleState): Write[] {
    const data = encodeSchedule(state);
    if (this.#version > 0) return [{ kind: 'set', path: this.#root, data, version: this.#version }];
    return [
      { kind: 'create', path: this.#root, data: Buffer.alloc(0) },
      { kind: 'set', path: this.#root, data, version: ANY_VERSION },
    ];
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
        const stat = results?.find((result) => result.kind === 'set');
        if (stat?.kind !== 'set') {
          this.#stale = true;
          return;
        }
        this.#known.note(created);
        this.#state = state;
        this.#version = stat.stat.version;
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
      const node = await this.#runtime.store.read(this.#root, { watch: this.#watch });
      this.#state = node === undefined ? EMPTY_SCHEDULE : decodeSchedule(node.data);
      this.#version = node?.stat.version ?? 0;
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
    if (this.#closed || this.#state.nextMs === null) return;
    const waitMs = Math.min(TIMER_MS_MAX, Math.max(1, this.#state.nextMs - this.#runtime.store.now() + 1));
    this.#cancelTimer = this.#runtime.timers.after(waitMs, () => this.#look());
  }
}
