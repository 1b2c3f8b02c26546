/** An incarnation that turns out to be deleted. */
import { expect, it, vi } from 'vitest';
import { Topic } from '../../../../src/queue/log/topic.ts';
import { SEGMENT_LIMITS } from '../../../../src/queue/model/segment.ts';
import { MemoryEnsemble } from '../../../support/memory-ensemble.ts';
import { MemoryStore } from '../../../support/memory-store.ts';
import { create, set } from '../../../support/write-builders.ts';

it('lets nothing through that was made for the living one, and tells once that it is deleted', async () => {
  const store = new MemoryStore(new MemoryEnsemble());
  const record = (deleted: object) => JSON.stringify({ name: 'jobs', kind: 'queue', config: {}, ...deleted });
  await store.commit([create('/data'), create('/data/id'), set('/data/id', record({}), -1)]);
  const node = await store.read('/data/id');
  if (node === undefined) throw new Error('it was made');
  const topic = new Topic({ store, segmentLimits: SEGMENT_LIMITS }, 'queue', 'id', node);
  const told = vi.fn();
  topic.onEvent(told);
  await store.commit([set('/data/id', record({ deleted: true }), 1)]);
  await topic.refresh();
  await topic.refresh();
  expect(topic.deleted).toBe(true);
  expect(told).toHaveBeenCalledTimes(1);
  expect(await store.commit([topic.guard()])).toMatchObject({ applied: false, reason: 'version' });
});
