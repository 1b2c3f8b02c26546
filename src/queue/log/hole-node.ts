/**
 * The node that tells of an incarnation's holes. It is made with the first, and written by the commits that trim. Gateways
 * of the version before do not write it: what they trim out of order is counted until it is first in its log.
 */
import { createVersioned } from '../commit/versioned-node.ts';
import { decodeHoles, encodeHoles, type Holes } from '../model/holes.ts';
import { holesPath } from '../zookeeper/paths.ts';
import type { Store, Write } from '../zookeeper/store.ts';

export interface StatedHoles {
  readonly holes: Holes;
  /** Of the node; undefined when it does not exist yet. */
  readonly version: number | undefined;
}

/** Rejects with a StoreError. */
export async function readHoles(store: Store, id: string): Promise<StatedHoles> {
  const node = await store.read(holesPath(id));
  if (node === undefined) return { holes: {}, version: undefined };
  return { holes: decodeHoles(node.data), version: node.stat.version };
}

/** The writes that put other holes in the place of those that were read; they fail if somebody else has. */
export function holesWrites(id: string, { version }: StatedHoles, holes: Holes): Write[] {
  const path = holesPath(id);
  const data = encodeHoles(holes);
  if (version !== undefined) return [{ kind: 'set', path, data, version }];
  return createVersioned(path, data);
}
