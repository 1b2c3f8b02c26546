/**
 * The one node that stands for a schedule, as this gateway knows it. Every change of the schedule sets it under the
 * version it was read at, and counts itself in it.
 */
import { createVersioned } from '../commit/versioned-node.ts';
import { decodeSchedule, EMPTY_SCHEDULE, encodeSchedule, type ScheduleState } from '../model/schedule.ts';
import type { ReadOptions, Store, Write, WriteResult } from '../zookeeper/store.ts';

/** In the place of a version: the node does not exist yet. */
const ABSENT = 0;

export class ScheduleNode {
  readonly path: string;
  readonly #store: Store;
  #state: ScheduleState = EMPTY_SCHEDULE;
  #version = ABSENT;

  constructor(store: Store, path: string) {
    this.#store = store;
    this.path = path;
  }

  /** As of the last reading, or of this gateway's last change. */
  get state(): ScheduleState {
    return this.#state;
  }

  get exists(): boolean {
    return this.#version !== ABSENT;
  }

  /** Where what waits is kept now. */
  get top(): string {
    return `${this.path}/${this.#state.epoch}`;
  }

  /** Rejects with a StoreError. */
  async read(options: ReadOptions = {}): Promise<void> {
    const { state, version } = await this.peek(options);
    this.#state = state;
    this.#version = version;
  }

  /** What is there now; what is known here stays as it is. Rejects with a StoreError. */
  async peek(options: ReadOptions = {}): Promise<{ state: ScheduleState; version: number }> {
    if (options.watch !== undefined && !this.exists && !(await this.#hasCome(options)))
      return { state: EMPTY_SCHEDULE, version: ABSENT };
    const node = await this.#store.read(this.path, options);
    if (node === undefined) return { state: EMPTY_SCHEDULE, version: ABSENT };
    return { state: decodeSchedule(node.data), version: node.stat.version };
  }

  /** Its coming is told by its parent, which has few other children. */
  async #hasCome(options: ReadOptions): Promise<boolean> {
    const [parent, name] = splitPath(this.path);
    return (await this.#store.list(parent, options))?.children.includes(name) === true;
  }

  /** Whether somebody, perhaps this gateway itself, has changed it since it was read. Rejects with a StoreError. */
  async hasChanged(): Promise<boolean> {
    const before = this.#version;
    return (await this.peek()).version !== before;
  }

  /** The number of a change that is made on what is known. */
  get nextChange(): number {
    return this.#state.changes + 1;
  }

  /** The writes that make it so, unless somebody has changed it. */
  writes(state: ScheduleState): Write[] {
    const { path } = this;
    const data = encodeSchedule({ ...state, changes: this.nextChange });
    if (this.exists) return [{ kind: 'set', path, data, version: this.#version }];
    return createVersioned(path, data);
  }

  /** Those writes are applied. @returns whether it is known now what is there */
  adopt(state: ScheduleState, results: readonly WriteResult[] | undefined): boolean {
    const set = results?.find((result) => result.kind === 'set');
    if (set?.kind !== 'set') return false;
    this.#state = { ...state, changes: this.nextChange };
    this.#version = set.stat.version;
    return true;
  }
}

function splitPath(path: string): [parent: string, name: string] {
  const slash = path.lastIndexOf('/');
  return [path.slice(0, slash), path.slice(slash + 1)];
}
