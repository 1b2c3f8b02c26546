/**
 * The fixed nodes of the tree, and the version of its layout. A gateway that does not know the version it finds must
 * not touch anything: it says so and does not become ready.
 */

import { DATA_PATH, LAYOUT_PATH, TOPICS_PATH, TRASH_PATH } from '../zookeeper/paths.ts';
import type { Store } from '../zookeeper/store.ts';

const LAYOUT_VERSION = 1;

/** Creates what is missing. Rejects with a StoreError; throws an Error for a layout of another version. */
export async function ensureLayout(store: Store): Promise<void> {
  // First of all: in a tree of another layout nothing is to be made.
  const known = await store.read(LAYOUT_PATH);
  if (known !== undefined) assertKnown(known.data);
  for (const path of [TOPICS_PATH, DATA_PATH, TRASH_PATH]) {
    if ((await store.stat(path)) === undefined) {
      await store.commit([{ kind: 'create', path, data: Buffer.alloc(0) }]);
    }
  }
  if (known !== undefined) return;
  const data = Buffer.from(JSON.stringify({ version: LAYOUT_VERSION }));
  await store.commit([{ kind: 'create', path: LAYOUT_PATH, data }]);
}

function assertKnown(data: Buffer): void {
  const { version } = JSON.parse(data.toString()) as { version: number };
  if (version !== LAYOUT_VERSION) {
    throw new Error(
      `The data in ZooKeeper has layout ${version}; this zoogate knows layout ${LAYOUT_VERSION}.`,
    );
  }
}
