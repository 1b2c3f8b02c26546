/**
 * A tree as an earlier version wrote it, with what that version's API said of it: taken from a real server, and laid out
 * again in the twin or on another server. Versions of nodes, and how many children each has had, are part of what is
 * written, since the engine compares the first and names entries by the second.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { ANY_VERSION, type Store, type Write } from '../../src/queue/zookeeper/store.ts';
import type { Said } from './every-use.ts';
import type { MemoryEnsemble } from './memory-ensemble.ts';

export const fixtures = join(import.meta.dirname, '../fixtures');

export interface WrittenNode {
  readonly path: string;
  readonly base64: string;
  readonly version: number;
  readonly mzxid: string;
  readonly ctimeMs: number;
  readonly mtimeMs: number;
  /** Children so far, those that are gone included. */
  readonly childrenCreated: number;
}

export interface WrittenTree {
  /** That wrote it. */
  readonly commit: string;
  /** When it was taken, by the ensemble's clock. */
  readonly takenAtMs: number;
  readonly said: Said;
  /** Parents before children, siblings in the order of their sequence numbers. */
  readonly nodes: readonly WrittenNode[];
}

export const encodeTree = (tree: WrittenTree): Buffer => gzipSync(JSON.stringify(tree), { level: 9 });

export const readTree = (file: string): WrittenTree =>
  JSON.parse(gunzipSync(readFileSync(join(fixtures, file))).toString()) as WrittenTree;

/** All below the chroot. */
export async function nodesOf(store: Store, path = ''): Promise<WrittenNode[]> {
  const [node, listed] = [await store.read(path || '/'), await store.list(path || '/')];
  if (node === undefined || listed === undefined) throw new Error(`${path} has gone meanwhile`);
  const { version, mzxid, ctimeMs, mtimeMs, childChanges, childCount } = node.stat;
  const own: WrittenNode = {
    ...{ path: path || '/', base64: node.data.toString('base64'), version, mzxid: String(mzxid) },
    ...{ ctimeMs, mtimeMs, childrenCreated: (childChanges + childCount) / 2 },
  };
  const nodes = [own];
  for (const name of listed.children.sort()) nodes.push(...(await nodesOf(store, `${path}/${name}`)));
  return nodes;
}

/** In the twin, exactly as it was. */
export function layOutInTwin(ensemble: MemoryEnsemble, { nodes }: WrittenTree): void {
  for (const { path, base64 } of nodes) {
    const exists = ensemble.stat(path) !== undefined;
    if (!exists) ensemble.apply([{ kind: 'create', path, data: Buffer.from(base64, 'base64') }]);
  }
  for (const { path, version, mzxid, ctimeMs, mtimeMs, childrenCreated } of nodes) {
    ensemble.age(path, { version, mzxid: BigInt(mzxid), ctimeMs, mtimeMs, childrenCreated });
  }
}

/** On a real server: with other times and transaction numbers, and otherwise as it was. */
export async function layOutOnServer(store: Store, { nodes }: WrittenTree): Promise<void> {
  for (const { path, base64, version, childrenCreated } of nodes) {
    const data = Buffer.from(base64, 'base64');
    const writes: Write[] = [];
    if ((await store.stat(path)) === undefined) writes.push({ kind: 'create', path, data });
    // The version that the twin's rules forbid to compare, 0, is left as it is.
    const set: Write = { kind: 'set', path, data, version: ANY_VERSION };
    for (let changes = 0; changes < version && path !== '/' && path !== '/clock'; changes += 1)
      writes.push(set);
    const children = nodes.filter((other) => parentOf(other.path) === path && other.path !== '/').length;
    for (let gone = children; gone < childrenCreated && path !== '/'; gone += 1) {
      writes.push({ kind: 'create', path: `${path}/gone`, data: Buffer.alloc(0) });
      writes.push({ kind: 'delete', path: `${path}/gone`, version: ANY_VERSION });
    }
    for (let at = 0; at < writes.length; at += 100) {
      const result = await store.commit(writes.slice(at, at + 100));
      if (!result.applied) throw new Error(`${path}: ${result.reason}`);
    }
  }
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';
