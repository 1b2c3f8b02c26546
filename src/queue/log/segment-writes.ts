/** How a segment comes into being, and how it ends. Pure. */
import { createVersioned } from '../commit/versioned-node.ts';
import { bytesOf, encodeHeader, OPEN_VERSION, SEALED_VERSION, type SegmentHeader } from '../model/segment.ts';
import { segmentPath } from '../zookeeper/paths.ts';
import type { Write } from '../zookeeper/store.ts';
import type { Segment } from './known-segments.ts';

/** The writes that make a segment: created and set, so that its version starts at OPEN_VERSION. */
export function createSegment(id: string, level: number, segment: number, header: SegmentHeader): Write[] {
  const path = segmentPath(id, level, segment);
  return createVersioned(path, encodeHeader(header));
}

/** The write that seals an open segment: every later append to it fails. */
export function sealSegment(path: string, sealed: SegmentHeader): Write {
  return { kind: 'set', path, data: encodeHeader(sealed), version: OPEN_VERSION };
}

/**
 * The writes that open the segment after a sealed one, with the new one's header. The sealed one's listing is final: so
 * its end is the next one's ordinal.
 */
export function openNextSegment(
  id: string,
  level: number,
  { number, header, slots, end }: Segment,
): { next: SegmentHeader; writes: Write[] } {
  const next: SegmentHeader = {
    state: 'open',
    ordinal: header.ordinal + end,
    bytesBefore: header.bytesBefore + bytesOf(slots),
  };
  const path = segmentPath(id, level, number);
  return {
    next,
    writes: [{ kind: 'check', path, version: SEALED_VERSION }, ...createSegment(id, level, number + 1, next)],
  };
}
