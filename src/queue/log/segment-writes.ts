/** How a segment comes into being. */
import { encodeHeader, type SegmentHeader } from '../model/segment.ts';
import { segmentPath } from '../zookeeper/paths.ts';
import { ANY_VERSION, type Write } from '../zookeeper/store.ts';

/** The writes that make a segment: created and set, so that its version starts at OPEN_VERSION. */
export function createSegment(id: string, level: number, segment: number, header: SegmentHeader): Write[] {
  const path = segmentPath(id, level, segment);
  return [
    { kind: 'create', path, data: Buffer.alloc(0) },
    { kind: 'set', path, data: encodeHeader(header), version: ANY_VERSION },
  ];
}
