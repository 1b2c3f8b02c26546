/** Reading a cursor into its state: parts that were read at different times. */
import { afterEach, expect, it } from 'vitest';
import { CursorReader } from '../../../../src/queue/cursor/cursor-reader.ts';
import { CursorState } from '../../../../src/queue/cursor/cursor-state.ts';
import { EntryCache } from '../../../../src/queue/log/entry-cache.ts';
import { decodeRecord, type NameRecord } from '../../../../src/queue/model/records.ts';
import { SEGMENT_LIMITS } from '../../../../src/queue/model/segment.ts';
import { Topic } from '../../../../src/queue/topics/topic.ts';
import { dataPath, QUEUE_SUBSCRIPTION, topicPath } from '../../../../src/queue/zookeeper/paths.ts';
import type { NodeData } from '../../../../src/queue/zookeeper/store.ts';
import { createQueue, EngineCluster, jobs, publish, receive } from '../../../support/engine-fixture.ts';

let cluster: EngineCluster | undefined;
afterEach(() => cluster?.close());

it('lists a segment again when a page tells of messages that came after the listing', async () => {
  cluster = new EngineCluster();
  const [other, own] = [await cluster.start(), await cluster.start()];
  await createQueue(other.broker);
  await publish(other.broker, 'a');
  await receive(other.broker);
  const found = async (path: string) => (await own.store.read(path)) as NodeData;
  const { id } = decodeRecord<NameRecord>((await found(topicPath(jobs.name))).data);
  const topic = new Topic(
    { store: own.store, segmentLimits: SEGMENT_LIMITS },
    'queue',
    id,
    await found(dataPath(id)),
  );
  const entries = new EntryCache(own.store, 1_000_000);
  const state = new CursorState(entries, topic, QUEUE_SUBSCRIPTION, () => {});
  const reader = new CursorReader(own.store, entries, state);
  await reader.refresh();
  expect(state.end(0, 0)).toBe(1);

  await publish(other.broker, 'b');
  await receive(other.broker);
  state.markPageStale(0, 0);
  await reader.refresh();
  expect(state.page(0, 0)).toMatchObject({ frontier: 2 });
  // What a draft finds: the page's second message has no place in the listing.
  expect(state.entryAt(0, 0, 1)).toBeUndefined();
  await reader.loadMissing([{ kind: 'segment', level: 0, segment: 0 }]);
  expect(state.entryAt(0, 0, 1)).toMatchObject({ start: 1, end: 2 });
});
