/** A log as a gateway knows it while that gateway rolls it. */
import { afterEach, expect, it } from 'vitest';
import type { Segment } from '../../../../src/queue/log/known-segments.ts';
import { findOpenSegment } from '../../../../src/queue/log/open-segment.ts';
import { Topic } from '../../../../src/queue/log/topic.ts';
import { decodeRecord, type NameRecord } from '../../../../src/queue/model/records.ts';
import { SEGMENT_LIMITS } from '../../../../src/queue/model/segment.ts';
import { dataPath, topicPath } from '../../../../src/queue/zookeeper/paths.ts';
import type { NodeData } from '../../../../src/queue/zookeeper/store.ts';
import { createQueue, EngineCluster, jobs, publish, until } from '../../../support/engine-fixture.ts';

let cluster: EngineCluster;
afterEach(() => cluster.close());

it('has an open segment also while this gateway seals the last one', async () => {
  cluster = new EngineCluster();
  // Slow enough to see what is known in between.
  const { broker, store } = await cluster.start({ schedule: (step) => void setTimeout(step, 10) });
  await createQueue(broker);
  await publish(broker, 'x');
  const read = async (path: string) => (await store.read(path)) as NodeData;
  const { id } = decodeRecord<NameRecord>((await read(topicPath(jobs.name))).data);
  const limits = { store, segmentLimits: SEGMENT_LIMITS };
  const log = new Topic(limits, 'queue', id, await read(dataPath(id))).log(0);
  await log.refresh();
  const sealing = log.seal(log.openSegment() as Segment);
  // What would be taken for a log without messages.
  await until(() => log.openSegment() === undefined, 'it is sealed');
  expect(await findOpenSegment(log)).toMatchObject({ number: 1, header: { state: 'open', ordinal: 1 } });
  await sealing;
});
