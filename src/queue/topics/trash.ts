/**
 * Removal of deleted incarnations and of what purges have left, in bounded steps: each gathers so many nodes, children
 * first, and deletes them in one commit. Whoever deleted something removes it; what a crash left behind is found by any
 * gateway at start-up and at a slow, jittered interval. Steps may be done twice: nothing here is looked at by anyone any
 * more.
 */
import type { Runtime } from '../runtime/runtime.ts';
import {
  cursorsPath,
  dataPath,
  parseTrashName,
  TRASH_PATH,
  trashedCursorPath,
  trashPath,
} from '../zookeeper/paths.ts';
import { ANY_VERSION, StoreError, type Write } from '../zookeeper/store.ts';

const DELETES_PER_COMMIT = 200;
const LOOK_MIN_MS = 300_000;
const LOOK_MAX_MS = 900_000;

export class Trash {
  readonly #runtime: Runtime;
  #work: Promise<void> = Promise.resolve();
  #closed = false;
  #cancel = () => {};

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Begins to look for what others have left, now and from time to time. */
  start(): void {
    this.#enqueue(() => this.#sweep());
    const { timers, random } = this.#runtime;
    this.#cancel = timers.after(LOOK_MIN_MS + random.fraction() * (LOOK_MAX_MS - LOOK_MIN_MS), () =>
      this.start(),
    );
  }

  stop(): void {
    this.#closed = true;
    this.#cancel();
  }

  /** Removes an incarnation that has been put into the trash. Returns at once. */
  remove(id: string): void {
    this.#enqueue(() => this.#removeIncarnation(id));
  }

  /** Removes a cursor that has been put into the trash. Returns at once. */
  removeCursor(id: string, cursor: string): void {
    this.#enqueue(() => this.#removeCursor(id, cursor));
  }

  /** Removes a node with all below it, which nobody uses any more. Returns at once. */
  removeTree(path: string): void {
    this.#enqueue(() => this.#removeTree(path));
  }

  /** One thing at a time: removal must not crowd out the traffic. */
  #enqueue(step: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#closed) return;
      try {
        await step();
      } catch (error) {
        if (!(error instanceof StoreError))
          this.#runtime.logger.error({ err: error }, 'removing from the trash failed');
      }
    });
  }

  async #sweep(): Promise<void> {
    const listing = await this.#runtime.store.list(TRASH_PATH);
    for (const { id, cursor } of (listing?.children ?? []).map(parseTrashName)) {
      if (cursor === undefined) await this.#removeIncarnation(id);
      else await this.#removeCursor(id, cursor);
    }
  }

  async #removeCursor(id: string, cursor: string): Promise<void> {
    await this.#removeTree(`${cursorsPath(id)}/${cursor}`);
    await this.#runtime.store.commit([
      { kind: 'delete', path: trashedCursorPath(id, cursor), version: ANY_VERSION },
    ]);
  }

  async #removeIncarnation(id: string): Promise<void> {
    await this.#removeTree(dataPath(id));
    await this.#runtime.store.commit([{ kind: 'delete', path: trashPath(id), version: ANY_VERSION }]);
  }

  async #removeTree(path: string): Promise<void> {
    let areSiblingsAlike = true;
    while (!this.#closed) {
      const paths: string[] = [];
      const isAll = await this.#gather(path, paths, areSiblingsAlike);
      if (paths.length === 0) return;
      const deletes = paths.map((each): Write => ({ kind: 'delete', path: each, version: ANY_VERSION }));
      const result = await this.#runtime.store.commit(deletes);
      if (result.applied && isAll) return;
      // It may also be that another gateway removes the same: then what is left is gathered anew.
      areSiblingsAlike = result.applied || result.reason !== 'not-empty';
    }
  }

  /**
   * Gathers a node with what is below it, children first, as far as there is room: then one commit removes a small tree,
   * and none fails for want of having looked. To look at each of many entries would cost more than that: siblings of a
   * node that has no children are taken for such as well.
   *
   * @returns whether that was all of it
   */
  async #gather(path: string, paths: string[], areSiblingsAlike: boolean): Promise<boolean> {
    const listing = await this.#runtime.store.list(path);
    if (listing === undefined) return true;
    let areChildless = false;
    for (const name of listing.children) {
      const before = paths.length;
      const child = `${path}/${name}`;
      if (areChildless) paths.push(child);
      else if (!(await this.#gather(child, paths, areSiblingsAlike))) return false;
      else areChildless = areSiblingsAlike && paths.length === before + 1;
      if (paths.length >= DELETES_PER_COMMIT) return false;
    }
    paths.push(path);
    return true;
  }
}
