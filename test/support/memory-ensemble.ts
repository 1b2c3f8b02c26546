/**
 * The tree that an ensemble keeps, in memory: what `MemoryStore`s share, as gateways share ZooKeeper.
 *
 * It follows the server's rules where the broker relies on them: a commit is atomic and ordered, sequence numbers
 * count the creations under a parent (neither deletions nor aborted commits matter), one transaction number for
 * all operations of a commit, watches fire once and only after the whole commit.
 */

import type {
  CommitConflict,
  CommitResult,
  NodeStat,
  Write,
  WriteResult,
} from '../../src/queue/zookeeper/store.ts';
import { ANY_VERSION } from '../../src/queue/zookeeper/store.ts';

interface MemoryNode {
  readonly data: Buffer;
  readonly version: number;
  readonly mzxid: bigint;
  readonly ctimeMs: number;
  readonly mtimeMs: number;
  readonly children: ReadonlySet<string>;
  readonly childrenCreated: number;
}

export type WatchKind = 'data' | 'children';

/** A server counts the creations of children in 31 bits and stays at the end; versions go round in 32. */
const CREATIONS_COUNTED_MAX = 2 ** 31 - 1;

export class MemoryEnsemble {
  /** The leader's clock. */
  readonly nowMs: () => number;
  readonly #nodes = new Map<string, MemoryNode>();
  #zxid = 0n;
  readonly #watchers = new Map<string, Set<() => void>>();

  constructor(nowMs: () => number = () => Date.now()) {
    this.nowMs = nowMs;
    const root = { version: 0, mzxid: 0n, ctimeMs: 0, mtimeMs: 0, childrenCreated: 0 };
    this.#nodes.set('/', { ...root, data: Buffer.alloc(0), children: new Set() });
    this.apply([{ kind: 'create', path: '/clock', data: Buffer.alloc(0) }]);
  }

  /** All paths, for assertions about what is left over. */
  get paths(): string[] {
    return [...this.#nodes.keys()].sort();
  }

  /** What is watched, by anyone: kind and path. */
  get watched(): string[] {
    return [...this.#watchers.keys()];
  }

  data(path: string): Buffer | undefined {
    return this.#nodes.get(path)?.data;
  }

  children(path: string): string[] | undefined {
    const node = this.#nodes.get(path);
    return node && [...node.children];
  }

  stat(path: string): NodeStat | undefined {
    const node = this.#nodes.get(path);
    return node && statOf(node);
  }

  /** Applies all operations or none. */
  apply(writes: readonly Write[]): CommitResult {
    const commit = new Commit(this.#nodes, this.#zxid + 1n, this.nowMs());
    const results: WriteResult[] = [];
    this.#zxid += 1n;
    for (const [index, write] of writes.entries()) {
      const result = commit.apply(write);
      if (typeof result === 'string') return { applied: false, index, reason: result };
      results.push(result);
    }
    commit.mergeInto(this.#nodes);
    for (const key of commit.changed) this.#fire(key);
    return { applied: true, results };
  }

  /** A new leader has been elected: its transactions' numbers begin in a new epoch. */
  beginEpoch(): void {
    this.#zxid = ((this.#zxid >> 32n) + 1n) << 32n;
  }

  /** Makes a node look as if it had been changed, or had had children, for years. */
  age(path: string, counts: { readonly version?: number; readonly childrenCreated?: number }): void {
    const node = this.#nodes.get(path);
    if (node === undefined) throw new Error(`there is no ${path}`);
    this.#nodes.set(path, { ...node, ...counts });
  }

  watch(kind: WatchKind, path: string, fire: () => void): void {
    const key = `${kind} ${path}`;
    const watchers = this.#watchers.get(key) ?? new Set();
    this.#watchers.set(key, watchers.add(fire));
  }

  unwatch(kind: WatchKind, path: string, fire: () => void): void {
    const key = `${kind} ${path}`;
    const watchers = this.#watchers.get(key);
    watchers?.delete(fire);
    if (watchers?.size === 0) this.#watchers.delete(key);
  }

  #fire(key: string): void {
    const watchers = this.#watchers.get(key) ?? [];
    this.#watchers.delete(key);
    for (const fire of watchers) fire();
  }
}

/** One commit on its way: what it has touched so far, thrown away when an operation fails. */
class Commit {
  readonly changed = new Set<string>();
  readonly #before: ReadonlyMap<string, MemoryNode>;
  readonly #touched = new Map<string, MemoryNode | undefined>();
  readonly #zxid: bigint;
  readonly #nowMs: number;

  constructor(before: ReadonlyMap<string, MemoryNode>, zxid: bigint, nowMs: number) {
    this.#before = before;
    this.#zxid = zxid;
    this.#nowMs = nowMs;
  }

  mergeInto(nodes: Map<string, MemoryNode>): void {
    for (const [path, node] of this.#touched) {
      if (node) nodes.set(path, node);
      else nodes.delete(path);
    }
  }

  apply(write: Write): WriteResult | CommitConflict['reason'] {
    if (write.kind === 'create') return this.#create(write.path, write.data, write.sequential === true);
    const node = this.#get(write.path);
    if (!node) return 'missing';
    if (write.version !== ANY_VERSION && write.version !== node.version) return 'version';
    switch (write.kind) {
      case 'check':
        return { kind: 'check' };
      case 'set': {
        const change = { data: Buffer.from(write.data), version: (node.version + 1) | 0, mzxid: this.#zxid };
        const changed = { ...node, ...change, mtimeMs: this.#nowMs };
        this.#touched.set(write.path, changed);
        this.changed.add(`data ${write.path}`);
        return { kind: 'set', stat: statOf(changed) };
      }
      case 'delete':
        return this.#delete(write.path, node);
    }
  }

  #create(requested: string, data: Buffer, sequential: boolean): WriteResult | CommitConflict['reason'] {
    const { parentPath, parent } = this.#parent(requested);
    if (!parent) return 'missing';
    const path = sequential ? requested + String(parent.childrenCreated).padStart(10, '0') : requested;
    if (this.#get(path)) return 'exists';
    const times = { ctimeMs: this.#nowMs, mtimeMs: this.#nowMs };
    const empty = { version: 0, children: new Set<string>(), childrenCreated: 0 };
    this.#touched.set(path, { ...empty, ...times, data: Buffer.from(data), mzxid: this.#zxid });
    const children = new Set(parent.children).add(nameOf(path));
    const childrenCreated = Math.min(parent.childrenCreated + 1, CREATIONS_COUNTED_MAX);
    this.#touched.set(parentPath, { ...parent, children, childrenCreated });
    this.changed.add(`data ${path}`).add(`children ${parentPath}`);
    return { kind: 'create', path };
  }

  #delete(path: string, node: MemoryNode): WriteResult | CommitConflict['reason'] {
    if (node.children.size > 0) return 'not-empty';
    const { parentPath, parent } = this.#parent(path);
    if (!parent) return 'missing';
    const children = new Set(parent.children);
    children.delete(nameOf(path));
    this.#touched.set(parentPath, { ...parent, children });
    this.#touched.set(path, undefined);
    this.changed.add(`data ${path}`).add(`children ${path}`).add(`children ${parentPath}`);
    return { kind: 'delete' };
  }

  #get(path: string): MemoryNode | undefined {
    return this.#touched.has(path) ? this.#touched.get(path) : this.#before.get(path);
  }

  #parent(path: string): { parentPath: string; parent: MemoryNode | undefined } {
    const parentPath = path.slice(0, path.lastIndexOf('/')) || '/';
    return { parentPath, parent: this.#get(parentPath) };
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function statOf(node: MemoryNode): NodeStat {
  const { version, mzxid, ctimeMs, mtimeMs, children, childrenCreated } = node;
  const childChanges = (2 * childrenCreated - children.size) | 0;
  return { version, mzxid, ctimeMs, mtimeMs, childChanges, childCount: children.size };
}
