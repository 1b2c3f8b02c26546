/**
 * The fixed nodes of the tree, and the version of its layout. A gateway must not touch a tree whose layout it does not
 * know: it would misread what is there, and write what others cannot read.
 */

import { DATA_PATH, LAYOUT_PATH, TOPICS_PATH, TRASH_PATH } from '../zookeeper/paths.ts';
import type { Store } from '../zookeeper/store.ts';

export const LAYOUT_VERSION = 1;

/** Creates what is missing in a tree that has no layout yet. Another gateway may do the same. Rejects with a StoreError. */
export async function makeLayout(store: Store): Promise<void> {
  for (const path of [TOPICS_PATH, DATA_PATH, TRASH_PATH]) {
    if ((await store.stat(path)) === undefined) {
      await store.commit([{ kind: 'create', path, data: Buffer.alloc(0) }]);
    }
  }
  const data = Buffer.from(JSON.stringify({ version: LAYOUT_VERSION }));
  await store.commit([{ kind: 'create', path: LAYOUT_PATH, data }]);
}

/** What the layout's node says of its version; undefined when that cannot be read. Pure. */
export function layoutVersion(data: Buffer): unknown {
  try {
    return (JSON.parse(data.toString()) as { version?: unknown } | null)?.version;
  } catch {
    return undefined;
  }
}
