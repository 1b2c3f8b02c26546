/** What years of use do to counters: queues whose logs, versions and ordinals are near the ends of their ranges. */
import { describe, expect, it } from 'vitest';
import type { NameRecord } from '../../../../src/queue/model/records.ts';
import { encodeHeader } from '../../../../src/queue/model/segment.ts';
import { ANY_VERSION } from '../../../../src/queue/zookeeper/store.ts';
import {
  ack,
  createQueue,
  drained,
  type Engine,
  EngineCluster,
  jobs,
  publish,
  receive,
  settle,
  staying,
  textMessage,
} from '../../../support/engine-fixture.ts';

const segmentLimits = { entries: 1, messages: 100, bytes: 1024 * 1024 };
const data = Buffer.alloc(0);

/** A queue whose log begins at that segment, with so many messages before. */
async function agedQueue(cluster: EngineCluster, segment: number, ordinal: number): Promise<string> {
  const { broker } = await cluster.start();
  await createQueue(broker);
  const { ensemble } = cluster;
  const { id } = JSON.parse(String(ensemble.data('/topics/jobs'))) as NameRecord;
  const level = `/data/${id}/log/0`;
  const path = `${level}/${String(segment).padStart(10, '0')}`;
  const header = encodeHeader({ state: 'open', ordinal, bytesBefore: ordinal * 1000 });
  ensemble.apply([
    { kind: 'create', path, data },
    { kind: 'set', path, data: header, version: ANY_VERSION },
    { kind: 'delete', path: `${level}/0000000000`, version: ANY_VERSION },
  ]);
  ensemble.age(level, { childrenCreated: Math.min(segment + 1, 2 ** 31 - 1) });
  return id;
}

async function worksAsEver({ broker }: Engine, other: Engine) {
  const texts = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  for (const text of texts) await publish(broker, text);
  const { stats } = await other.broker.get(jobs, staying());
  expect(stats).toMatchObject({ messages: 8, ready: 8, bytes: 8 });
  const first = await receive(other.broker, { max: 3 });
  expect(first.map(({ body }) => body.toString())).toEqual(['a', 'b', 'c']);
  expect(await ack(broker, ...first.map(({ receipt }) => receipt))).toEqual(['ok', 'ok', 'ok']);
  const peeked = await broker.peek(jobs, { limit: 10 }, staying());
  expect(peeked.items.map(({ body }) => body.toString())).toEqual(texts.slice(3));
  expect(await drained(other.broker)).toEqual(texts.slice(3));
  expect((await broker.get(jobs, staying())).stats.messages).toBe(0);
}

describe('a log that has had many segments', () => {
  const numbers = [2 ** 30 - 3, 2 ** 31 - 5, 2 ** 31 - 2, 2 ** 31 + 5, 9_999_999_900];
  it.each(numbers)('works as ever from segment %d on', async (segment) => {
    const cluster = new EngineCluster();
    try {
      await agedQueue(cluster, segment, 1_000_000_000_000);
      const [one, other] = [await cluster.start({ segmentLimits }), await cluster.start({ segmentLimits })];
      await worksAsEver(one, other);
      await worksAsEver(await cluster.start({ segmentLimits }), one);
    } finally {
      await cluster.close();
    }
  });
});

describe('a node that has been changed many times', () => {
  const nearEnds = [2 ** 31 - 3, -4, -(2 ** 31)];

  /** Ages the nodes whose names match, before each of several rounds of the act. */
  async function aged(
    version: number,
    pattern: RegExp,
    prepare: (engine: Engine) => Promise<unknown>,
    act: (engine: Engine, cluster: EngineCluster) => Promise<void>,
  ) {
    const cluster = new EngineCluster();
    try {
      const [one, other] = [await cluster.start(), await cluster.start()];
      await prepare(one);
      const paths = cluster.ensemble.paths.filter((path) => pattern.test(path));
      expect(paths).not.toEqual([]);
      for (const path of paths) cluster.ensemble.age(path, { version });
      for (let round = 0; round < 4; round += 1) {
        for (const engine of [one, other, await cluster.start()]) await act(engine, cluster);
      }
      for (const path of paths) expect(cluster.ensemble.stat(path)?.version).not.toBe(version);
    } finally {
      await cluster.close();
    }
  }

  it.each(nearEnds)('a page of version %d', async (version) => {
    await aged(
      version,
      /cursors\/queue~\d+\/0-/,
      async ({ broker }) => {
        await createQueue(broker);
        await publish(broker, 'a', 'b');
        const [held] = await receive(broker);
        await settle(broker, { kind: 'nack', delaySeconds: 0 }, held?.receipt ?? '');
      },
      async ({ broker }) => {
        const held = await receive(broker, { max: 2 });
        expect(held.map(({ body }) => body.toString())).toEqual(['a', 'b']);
        expect(await receive(broker)).toEqual([]);
        const receipts = held.map(({ receipt }) => receipt);
        expect(await settle(broker, { kind: 'nack', delaySeconds: 0 }, ...receipts)).toEqual(['ok', 'ok']);
      },
    );
  });

  it.each(nearEnds)('a schedule of version %d', async (version) => {
    const later = () => textMessage('later', { delaySeconds: 60 });
    await aged(
      version,
      /\/scheduled$/,
      async ({ broker }) => {
        await createQueue(broker);
        await broker.publish(jobs, [later()], staying());
      },
      async ({ broker }, cluster) => {
        expect((await broker.get(jobs, staying())).stats.delayed).toBe(1);
        cluster.advance(61_000);
        expect(await drained(broker)).toEqual(['later']);
        await broker.publish(jobs, [later()], staying());
      },
    );
  });

  it.each(nearEnds)('attempts of version %d', async (version) => {
    await aged(
      version,
      /attempts-/,
      async ({ broker }) => {
        await createQueue(broker);
        await publish(broker, ...Array.from({ length: 20 }, String));
        await receive(broker, { attemptId: 'try' });
      },
      async ({ broker }, cluster) => {
        cluster.advance(31_000);
        const held = await receive(broker, { attemptId: 'try' });
        expect(await receive(broker, { attemptId: 'try' })).toEqual(held);
        expect(await ack(broker, ...held.map(({ receipt }) => receipt))).toEqual(['ok']);
      },
    );
  });

  it.each(nearEnds)('a limit of version %d', async (version) => {
    await aged(
      version,
      /\/admission$/,
      async ({ broker }) => {
        await createQueue(broker, { maxMessages: 1 });
        await publish(broker, 'a');
      },
      async ({ broker }) => {
        await expect(publish(broker, 'b')).rejects.toMatchObject({ code: 'queue-full' });
        expect(await drained(broker)).toEqual(['a']);
        await publish(broker, 'a');
      },
    );
  });

  it.each(nearEnds)('a configuration and a subscription of version %d', async (version) => {
    await aged(
      version,
      /^\/data\/[^/]+$|subscriptions\/queue$/,
      ({ broker }) => createQueue(broker),
      async ({ broker }) => {
        await broker.update(jobs, (current) => ({ ...current, leaseSeconds: 31 }), {}, staying());
        await publish(broker, 'a');
        await broker.purge(jobs, staying());
        await publish(broker, 'b');
        expect(await drained(broker)).toEqual(['b']);
      },
    );
  });
});
