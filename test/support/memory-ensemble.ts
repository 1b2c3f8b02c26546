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
  /** Shared by all states of the node. */
  readonly children: Set<string>;
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
      if (typeof result === 'string') {
        commit.undo();
        return { applied: false, index, reason: result };
      }
      results.push(result);
    }
    for (const key of commit.changed) this.#fire(key);
    return { applied: true, results };
  }

  /** A new leader has been elected: its transactions' numbers begin in a new epoch. */
  beginEpoch(): void {
    this.#zxid = ((this.#zxid >> 32n) + 1n) << 32n;
  }

  /** Makes a node look as if it had been changed, or had had children, or at other times than it was. */
  age(path: string, counts: Partial<Omit<MemoryNode, 'data' | 'children'>>): void {
    const node = this.#nodes.get(path);
    if (node === undefined) throw new Error(`there is no ${path}`);
    this.#nodes.set(path, { ...node, ...counts });
    if (counts.mzxid !== undefined && counts.mzxid > this.#zxid) this.#zxid = counts.mzxid;
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

/** One commit on its way: it changes the tree as it goes, and takes all of it back when an operation fails. */
class Commit {
  readonly changed = new Set<string>();
  readonly #nodes: Map<string, MemoryNode>;
  /** What takes each change back, in the order of the changes. */
  readonly #undo: (() => void)[] = [];
  readonly #zxid: bigint;
  readonly #nowMs: number;

  constructor(nodes: Map<string, MemoryNode>, zxid: bigint, nowMs: number) {
    this.#nodes = nodes;
    this.#zxid = zxid;
    this.#nowMs = nowMs;
  }

  undo(): void {
    for (const undo of this.#undo.reverse()) undo();
  }

  apply(write: Write): WriteResult | CommitConflict['reason'] {
    if (write.kind === 'create') return this.#create(write.path, write.data, write.sequential === true);
    const node = this.#nodes.get(write.path);
    if (!node) return 'missing';
    if (write.version !== ANY_VERSION && write.version !== node.version) return 'version';
    switch (write.kind) {
      case 'check':
        return { kind: 'check' };
      case 'set': {
        const change = { data: Buffer.from(write.data), version: (node.version + 1) | 0, mzxid: this.#zxid };
        const changed = { ...node, ...change, mtimeMs: this.#nowMs };
        this.#put(write.path, changed);
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
    if (this.#nodes.has(path)) return 'exists';
    const times = { ctimeMs: this.#nowMs, mtimeMs: this.#nowMs };
    const empty = { version: 0, children: new Set<string>(), childrenCreated: 0 };
    this.#put(path, { ...empty, ...times, data: Buffer.from(data), mzxid: this.#zxid });
    const name = nameOf(path);
    parent.children.add(name);
    this.#undo.push(() => parent.children.delete(name));
    this.#put(parentPath, {
      ...parent,
      childrenCreated: Math.min(parent.childrenCreated + 1, CREATIONS_COUNTED_MAX),
    });
    this.changed.add(`data ${path}`).add(`children ${parentPath}`);
    return { kind: 'create', path };
  }

  #delete(path: string, node: MemoryNode): WriteResult | CommitConflict['reason'] {
    if (node.children.size > 0) return 'not-empty';
    const { parentPath, parent } = this.#parent(path);
    if (!parent) return 'missing';
    const name = nameOf(path);
    parent.children.delete(name);
    this.#undo.push(() => parent.children.add(name));
    this.#nodes.delete(path);
    this.#undo.push(() => this.#nodes.set(path, node));
    this.changed.add(`data ${path}`).add(`children ${path}`).add(`children ${parentPath}`);
    return { kind: 'delete' };
  }

  #put(path: string, node: MemoryNode): void {
    const before = this.#nodes.get(path);
    this.#nodes.set(path, node);
    this.#undo.push(() => {
      if (before) this.#nodes.set(path, before);
      else this.#nodes.delete(path);
    });
  }

  #parent(path: string): { parentPath: string; parent: MemoryNode | undefined } {
    const parentPath = path.slice(0, path.lastIndexOf('/')) || '/';
    return { parentPath, parent: this.#nodes.get(parentPath) };
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
