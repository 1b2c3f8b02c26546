/** Reading a cursor into its state: parts that were read at different times. */
import { afterEach, describe, expect, it } from 'vitest';
import { CursorReader } from '../../../../src/queue/cursor/cursor-reader.ts';
import { CursorState } from '../../../../src/queue/cursor/cursor-state.ts';
import { EntryCache } from '../../../../src/queue/log/entry-cache.ts';
import { Topic } from '../../../../src/queue/log/topic.ts';
import { decodeRecord, type NameRecord } from '../../../../src/queue/model/records.ts';
import { SEGMENT_LIMITS, type SegmentLimits } from '../../../../src/queue/model/segment.ts';
import { dataPath, QUEUE_SUBSCRIPTION, topicPath } from '../../../../src/queue/zookeeper/paths.ts';
import type { NodeData } from '../../../../src/queue/zookeeper/store.ts';
import {
  ack,
  createQueue,
  EngineCluster,
  jobs,
  publish,
  receive,
  until,
} from '../../../support/engine-fixture.ts';

let cluster: EngineCluster | undefined;
afterEach(() => cluster?.close());

/** A reader of the queue at `own`, which has looked once, while `other` goes on. */
async function reading(segmentLimits: SegmentLimits, texts: readonly string[]) {
  cluster = new EngineCluster();
  const [other, own] = [await cluster.start({ segmentLimits }), await cluster.start()];
  await createQueue(other.broker);
  for (const text of texts) await publish(other.broker, text);
  await receive(other.broker);
  const found = async (path: string) => (await own.store.read(path)) as NodeData;
  const { id } = decodeRecord<NameRecord>((await found(topicPath(jobs.name))).data);
  const topic = new Topic({ store: own.store, segmentLimits }, 'queue', id, await found(dataPath(id)));
  const entries = new EntryCache(own.store, 1_000_000);
  const state = new CursorState(entries, topic, QUEUE_SUBSCRIPTION, () => {});
  const reader = new CursorReader(own.store, entries, state);
  await reader.refresh();
  return { cluster, own, other, topic, state, reader };
}

it('lists a segment again when a page tells of messages that came after the listing', async () => {
  const { other, state, reader } = await reading(SEGMENT_LIMITS, ['a']);
  expect(state.end(0, 0)).toBe(1);

  await publish(other.broker, 'b');
  await receive(other.broker);
  state.markPageStale(0, 0);
  await reader.refresh();
  expect(state.page(0, 0)).toMatchObject({ frontier: 2 });
  // What a draft finds: the page's second message has no place in the listing.
  expect(state.entryAt(0, 0, 1)).toBeUndefined();
  await reader.loadMissing([{ kind: 'segment', level: 0, segment: 0 }], false);
  expect(state.entryAt(0, 0, 1)).toMatchObject({ start: 1, end: 2 });
});

it('learns that a page went with its segment when the segment turns out to be trimmed', async () => {
  const { cluster, other, topic, state, reader } = await reading({ ...SEGMENT_LIMITS, entries: 1 }, [
    'a',
    'b',
    'c',
  ]);
  const [second] = await receive(other.broker, { leaseSeconds: 60 });
  state.markAllStale();
  await reader.refresh();
  expect(state.page(0, 1)).toMatchObject({ frontier: 1 });
  // The first segment keeps the second's header there.
  await ack(other.broker, second?.receipt ?? '');
  await until(() => cluster.ensemble.children(topic.log(0).path(1))?.length === 0, 'it is trimmed');

  topic.log(0).forget(1);
  await topic.log(0).segment(1);
  // What a draft finds: the page as last seen tells of a lease in a segment that has no entries.
  expect(state.entryAt(0, 1, 0)).toBeUndefined();
  await reader.loadMissing([{ kind: 'segment', level: 0, segment: 1 }], false);
  expect(state.page(0, 1)).toBe('finished');
});

describe('a look that everything is to be read for', () => {
  it('waits for a page that is being read for a watch', async () => {
    const { own, other, state, reader } = await reading(SEGMENT_LIMITS, ['a', 'b']);
    await receive(other.broker);
    let arming: Promise<boolean> | undefined;
    own.plan(({ kind, path }) => {
      if (kind === 'list' && path === state.cursorPath) arming ??= reader.arm();
      return 'none';
    });
    state.markAllStale();
    for (const part of [state.recordPart, state.listingPart, state.logPart(0)]) part.armed = true;
    await reader.refresh();
    expect(arming).toBeDefined();
    expect(state.page(0, 0)).toMatchObject({ frontier: 2 });
    await arming;
  });

  it('waits for a log that is being read for somebody else', async () => {
    const { own, other, topic, state, reader } = await reading(SEGMENT_LIMITS, ['a']);
    await publish(other.broker, 'b');
    for (const part of [state.recordPart, state.listingPart, state.logPart(0)]) part.stale = false;
    own.plan(() => 'none');
    topic.log(0).markStale();
    const refreshing = topic.log(0).refresh();
    await reader.refresh();
    expect(state.end(0, 0)).toBe(2);
    await refreshing;
  });
});
