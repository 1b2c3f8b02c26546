/** What another release has stored: known, or left alone. */
import { afterEach, expect, it } from 'vitest';
import { segmentPath } from '../../../../src/queue/zookeeper/paths.ts';
import {
  createQueue,
  EngineCluster,
  jobs,
  publish,
  receive,
  staying,
} from '../../../support/engine-fixture.ts';

const clusters: EngineCluster[] = [];
afterEach(() => Promise.all(clusters.splice(0).map((cluster) => cluster.close())));

function newCluster(): EngineCluster {
  const cluster = new EngineCluster();
  clusters.push(cluster);
  return cluster;
}

it('an entry whose format a gateway does not know is neither given out nor passed over', async () => {
  const cluster = newCluster();
  const { broker, store } = await cluster.start();
  await createQueue(broker);
  await publish(broker, 'known');
  const [id = ''] = (await store.list('/data'))?.children ?? [];
  const data = Buffer.from([0x93, 2, 0, 0x90]);
  const path = `${segmentPath(id, 0, 0)}/1.5.other-`;
  await store.commit([{ kind: 'create', path, data, sequential: true }]);
  expect(await receive(broker)).toHaveLength(1);
  await expect(receive(broker)).rejects.toThrow('unknown format 2');
  const { stats } = await broker.get(jobs, staying());
  expect(stats.ready).toBe(1);
});
