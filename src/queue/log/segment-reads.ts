/** What the ensemble holds of a segment. */
import { decodeHeader, type EntrySlot, type SegmentHeader, slotsOf } from '../model/segment.ts';
import type { Store } from '../zookeeper/store.ts';

/** Undefined when it has been trimmed away, or was never there. Rejects with a StoreError. */
export async function readSegment(
  store: Store,
  path: string,
): Promise<{ readonly header: SegmentHeader; readonly slots: readonly EntrySlot[] } | undefined> {
  const [node, listing] = await Promise.all([store.read(path), store.list(path)]);
  if (node === undefined || listing === undefined) return undefined;
  const header = decodeHeader(node.data);
  // Sealed between the two reads: the listing may lack what was appended before.
  if (header.state !== 'open' && listing.stat.version !== node.stat.version) return readSegment(store, path);
  return { header, slots: slotsOf(listing.children) };
}

/** The header alone; undefined when it is gone. Rejects with a StoreError. */
export async function readHeader(store: Store, path: string): Promise<SegmentHeader | undefined> {
  const node = await store.read(path);
  return node === undefined ? undefined : decodeHeader(node.data);
}
