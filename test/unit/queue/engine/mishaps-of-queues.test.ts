/** Creating, changing and deleting queues under every mishap at every request: done once, and nothing left behind. */
import { describe, expect, it } from 'vitest';
import { type Act, mishaps, underEveryMishap } from '../../../support/engine-faults.ts';
import {
  createQueue,
  drained,
  type EngineCluster,
  jobs,
  plainQueue,
  publish,
  staying,
  until,
} from '../../../support/engine-fixture.ts';

const everything = <Prepared, Result>(name: string, act: Act<Prepared, Result>) =>
  describe(name, () => {
    it.each(mishaps)('is done once when one of its requests is: %s', (mishap) =>
      underEveryMishap(mishap, act),
    );
  });

const incarnations = ({ ensemble }: EngineCluster) => ensemble.children('/data') ?? [];

everything('creating a queue', {
  prepare: async () => {},
  act: ({ broker }) => createQueue(broker, { leaseSeconds: 7 }),
  async check({ result, other, cluster }) {
    expect(result.created).toBe(true);
    expect(incarnations(cluster)).toHaveLength(1);
    const { config, etag } = await other.broker.get(jobs, staying());
    expect(config).toEqual({ ...plainQueue, leaseSeconds: 7 });
    expect(etag).toBe(result.resource.etag);
    await publish(other.broker, 'a');
    expect(await drained(other.broker)).toEqual(['a']);
  },
});

everything('replacing the configuration of a queue', {
  async prepare({ broker }) {
    await createQueue(broker);
    await publish(broker, 'a');
  },
  act: ({ broker }) => createQueue(broker, { leaseSeconds: 7 }),
  async check({ result, other }) {
    expect(result.created).toBe(false);
    expect((await other.broker.get(jobs, staying())).config.leaseSeconds).toBe(7);
    expect(await drained(other.broker)).toEqual(['a']);
  },
});

everything('changing the configuration of a queue under the condition that it is the known one', {
  prepare: async ({ broker }) => (await createQueue(broker)).resource.etag,
  act: ({ broker }, etag) =>
    broker.update(jobs, (current) => ({ ...current, leaseSeconds: 7 }), { ifMatch: [etag] }, staying()),
  async check({ result, other }) {
    expect(result.config.leaseSeconds).toBe(7);
    expect((await other.broker.get(jobs, staying())).etag).toBe(result.etag);
  },
});

everything('deleting a queue', {
  async prepare({ broker }) {
    await createQueue(broker);
    for (const text of ['a', 'b', 'c']) await publish(broker, text);
  },
  act: ({ broker }) => broker.delete(jobs, {}, staying()),
  async check({ other, engine, cluster }) {
    for (const { broker } of [engine, other]) {
      await expect(broker.get(jobs, staying())).rejects.toMatchObject({ code: 'not-found' });
    }
    // The other, started since, removes what is left.
    await until(
      () => incarnations(cluster).length + (cluster.ensemble.children('/trash')?.length ?? 0) === 0,
      'nothing is left of the queue',
    );
  },
});

describe('creating a queue at two gateways at once', () => {
  it('makes one queue, which both then have', async () => {
    await underEveryMishap('answer-lost', {
      prepare: (_engine, cluster) => cluster.start(),
      act: ({ broker }, second) => Promise.all([createQueue(broker), createQueue(second.broker)]),
      async check({ result, cluster, prepared, engine }) {
        expect(result.map(({ created }) => created).sort()).toEqual([false, true]);
        expect(incarnations(cluster)).toHaveLength(1);
        await publish(engine.broker, 'a');
        expect(await drained(prepared.broker)).toEqual(['a']);
      },
    });
  });
});
